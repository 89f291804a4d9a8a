{# Before a model of a period adds its rows, in the same transaction: one run at a time per model and period, and the
   edition's rows of an earlier try are gone, so that a repetition ends in the same rows. #}
{% macro begin_edition() -%}
    {%- if execute and var('period') -%}
        select pg_advisory_xact_lock(hashtext('{{ this }}/{{ var("period") }}'));
        delete from {{ this }} where period = '{{ var("period") }}' and edition = {{ var('edition') }}
    {%- endif -%}
{%- endmacro %}


{# `where: this_edition` of a test: the rows that this run adds, not those of ten years. Read when the test runs, since a
   variable in a yml file is read when it is parsed. #}
{% macro default__get_where_subquery(relation) -%}
    {%- set where = config.get('where') -%}
    {%- if where == 'this_edition' -%}
        {%- set where = "period = '" ~ var('period') ~ "' and edition = " ~ var('edition') -%}
    {%- endif -%}
    {%- if where -%}
        (select * from {{ relation }} where {{ where }}) as filtered
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}


{# A comment is a lock on its table until the transaction ends: a run of one period makes none, those of the preparation
   stand. #}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if not var('period') -%}
        {{ dbt.default__persist_docs(relation, model, for_relation, for_columns) }}
    {%- endif -%}
{%- endmacro %}


{# Of each period the rows of its latest edition that succeeded, in the columns of the view's contract: a table keeps what
   another version of the code added. #}
{% macro latest_edition(editions) -%}
    with editions as (
        select * from {{ ref(editions) }}
    ),

    latest as (
        select
            period,
            max(edition) as edition
        from {{ source('ops', 'edition') }}
        where status = 'success'
        group by period
    )

    select
        {% for column in model.columns -%}
            editions."{{ column }}"{{ ', ' if not loop.last }}
        {%- endfor %}
    from editions
    inner join latest on editions.period = latest.period and editions.edition = latest.edition
{%- endmacro %}


{# Of ten years of progress lines those of the campaign that is summarised: what came since it opened (the gate takes no
   report of a period that has not opened), for its periods or without a readable one. #}
{% macro of_this_campaign() -%}
    {%- set periods = var('campaign_periods') -%}
    {%- if periods -%}
        and received_at > '{{ periods[0].opens }}'
        and (period between '{{ periods[0].period }}' and '{{ periods[-1].period }}' or period is null)
    {%- endif -%}
{%- endmacro %}
