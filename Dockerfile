# cityhealth with Airflow, dbt and Great Expectations: one image for every Airflow service of docker-compose.yml.
FROM python:3.11-slim-bookworm

# As in the Makefile.
ARG UV_VERSION=0.13.9
# Where the network is closed: --build-arg PIP_INDEX_URL=… --build-arg UV_DEFAULT_INDEX=…
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DO_NOT_TRACK=1 \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false

COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/venv \
 && pip install --no-cache-dir --quiet --disable-pip-version-check uv==${UV_VERSION} \
 && uv pip install --no-cache --compile-bytecode --require-hashes --python /opt/venv/bin/python -r /tmp/requirements.lock

WORKDIR /opt/cityhealth
COPY pyproject.toml ./
COPY include ./include
COPY dags ./dags
COPY plugins ./plugins
COPY expectations ./expectations
COPY dbt_project ./dbt_project
RUN uv pip install --no-cache --no-deps --no-build-isolation --python /opt/venv/bin/python -e .

# The code stays root's; only these folders can be written by what runs, and named volumes take their owner from here.
RUN useradd --uid 10001 --user-group --create-home cityhealth \
 && mkdir -p /var/lib/cityhealth/landing /var/lib/cityhealth/outbox /var/lib/cityhealth/airflow /var/lib/cityhealth/areas \
 && chown -R cityhealth:cityhealth /var/lib/cityhealth
ENV CITYHEALTH_PROJECT_ROOT=/opt/cityhealth \
    CITYHEALTH_HOME=/var/lib/cityhealth \
    AIRFLOW_HOME=/var/lib/cityhealth/airflow
USER 10001:10001
CMD ["cityhealth", "--help"]
