{# Every area below each area, at any depth: ancestor_code, code, level, valid_from, valid_to. #}
{% macro area_descendants(areas) -%}
    with recursive descendants as (
        select
            parent_code as ancestor_code,
            code,
            level,
            valid_from,
            valid_to
        from {{ areas }}
        where parent_code is not null
        union
        select
            above.parent_code as ancestor_code,
            descendants.code,
            descendants.level,
            descendants.valid_from,
            descendants.valid_to
        from descendants
        inner join {{ areas }} as above on descendants.ancestor_code = above.code
        where above.parent_code is not null
    )

    select * from descendants
{%- endmacro %}
