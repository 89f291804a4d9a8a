# ruff: noqa: E501
"""A catalogue of a city with two departments, for tests that must not change when Jincheng's does."""

from __future__ import annotations

from pathlib import Path

from cityhealth.catalogue import Catalogue, load

FILES = {
    "dimensions.csv": "code,name_zh,name_en,sort_order,kind\nECO,生态宜居,Ecology,1,base\n",
    "indicators.csv": (
        "system,year,code,no,dimension_code,name_zh,name_en,unit,direction,category,status,formula_kind,numerator_item,"
        "denominator_item,scale,area_code,definition_zh,definition_en,no_formula_reason_zh,applicability,"
        "not_applicable_reason_zh,lead_department,category_basis,name_basis,definition_basis,notes,source,"
        "valid_from,valid_to,known_from\n"
        "mohurd,2021,ECO01,1,ECO,公园绿地率,Park share,%,higher,导向指标,official,ratio,park_area,built_up_area,1,100000,"
        "甲,A,,applicable,,planning,verified,verified,verified,,,,,\n"
        "mohurd,2021,ECO02,2,ECO,人口增长率,Growth,%,higher,导向指标,official,growth,population,,100,100000,"
        "甲,A,,applicable,,planning,verified,verified,verified,,,,,\n"
    ),
    "items.csv": (
        "code,name_zh,name_en,definition_zh,unit,role,reported_of,department_code,feed,area_scope,aggregation,period_kind,"
        "period_offsets,integer,min_value,max_value,plausible_min,plausible_max,whole_item,tolerance,basis,notes,known_from\n"
        "built_up_area,建成区面积,Built-up area,甲,平方公里,measure,,planning,departmental,100000,none,point,0,no,0,1000,10,200,,,house,,\n"
        "park_area,公园绿地面积,Park area,甲,公顷,measure,,planning,departmental,100000,none,year,0,no,0,,,,built_up_area,,house,,\n"
        "green_area,绿地面积,Green area,甲,平方公里,measure,,planning,departmental,100000,none,year,0,no,0,,,,built_up_area,,house,,\n"
        "park_share,公园绿地率,Park share,甲,%,reported_indicator,ECO01,planning,departmental,100000,none,year,0,no,0,100,,,,,house,,\n"
        "population,常住人口,Population,甲,人,measure,,statistics,departmental,level:county,sum,year,-1;0,yes,0,,,,,,house,,\n"
        "gdp,地区生产总值,GDP,甲,万元,measure,,statistics,departmental,100000,none,year,0,no,0,,,,,,house,,\n"
        "gdp_growth,单位GDP变化,GDP change,甲,%,measure,,statistics,departmental,100000,none,year,0,no,-100,100,,,,,house,,\n"
        "households,户数,Households,甲,户,context,,statistics,yearbook,level:county,sum,year,0,yes,0,,,,,,house,,\n"
    ),
    "targets.csv": "system,year,code,kind,operator,value,value_high,unit,source,basis,notes,valid_from,valid_to,known_from\n",
    "departments.csv": (
        "code,name_zh,name_en,aliases,role,basis,known_from\n"
        "planning,市规划和自然资源局,Planning,市规自局;规划局,lead,house,\n"
        "statistics,市统计局,Statistics,统计局,lead,house,\n"
        "police,市公安局,Police,,reporting,house,\n"
        "traffic_police,市公安局交警支队,Traffic police,市交警支队,reporting,house,\n"
        "office,市体检办,Office,,office,house,\n"
    ),
    "areas.csv": (
        "code,name_zh,name_en,level,parent_code,valid_from,valid_to,successor_code,basis,notes\n"
        "990000,某省,Province,province,,,,,house,\n"
        "100000,某市,City,city,990000,,,,house,\n"
        "100001,东区,East,county,100000,,,,house,\n"
        "100002,西县,West,county,100000,,,,house,\n"
        "100001100,新镇,New town,town,100001,2021-01-01,,,house,\n"
        "100001200,老乡,Old town,town,100001,,2020-06-30,100001100,house,\n"
    ),
    "work_blocks.csv": (
        "code,name_zh,name_en,dimension_code,sort_order\n"
        "B1,生态宜居,Ecology,ECO,1\nB2,健康舒适,Health,,2\nB3,安全韧性,Safety,,3\n"
    ),
    "responsibilities.csv": (
        "block_code,department_code,role,basis,known_from\n"
        "B1,planning,lead,house,\nB2,planning,lead,house,\nB3,police,lead,house,\nB1,statistics,support,house,\n"
    ),
    "campaign.csv": (
        "system,year,first_due,last_due,due_days,cutoff,move_holidays,basis\n"
        "mohurd,2021,2021-05-20,2021-07-20,5;20,18:00,no,house\n"
    ),
    "layer_kinds.csv": "code,name_zh,name_en,feed,geometry,tiles,attributes,bands,parameters,basis,notes\n",
    "measurements.csv": "code,item_code,feed,layer_kinds,method,version,parameters,min_valid_share,basis,notes\n",
    "stations.csv": "code,name_zh,area_code,lon,lat,reference,valid_from,valid_to,basis,notes,known_from\n",
    "problem_rules.csv": (
        "code,name_zh,source,condition,threshold,severity,sort_order,basis,description_zh,known_from\n"
    ),
    "warning_rules.csv": (
        "code,name_zh,name_en,kind,series,direction,yellow_on,yellow_off,red_on,red_off,unit,hours,indicator_code,"
        "department_code,advice_zh,basis,notes,known_from\n"
    ),
    "systems.csv": "system,year,dimension_code,indicator_count,basis,source,notes,known_from\n",
    "comparability.csv": "from_system,from_year,from_code,to_system,to_year,to_code,to_name_zh,kind,note_zh,note_en,basis,source,known_from\n",
    "publication.csv": "audience,mart,title_zh,columns,conditions,reason_zh,basis,notes\n",
    "peers.csv": "area_code,kind,peer_group,reason_zh,source,basis,known_from\n",
    "problem_themes.csv": "code,name_zh,name_en,keywords,sort_order,basis\nother,其他,Other,,1,house\n",
    "grading.csv": "kind,code,label_zh,label_en,lower,upper,parameter,sort_order,description_zh,basis,known_from\n",
    "units.csv": (
        "unit,dimension,factor,aliases\n"
        "平方公里,area,1000000,km2;平方千米\n公顷,area,10000,ha\n平方米,area,1,㎡\n"
        "人,count_person,1,\n万人,count_person,10000,\n户,count_household,1,\n"
        "元,money,1,\n万元,money,10000,\n亿元,money,100000000,\n%,share,1,百分比\n"
    ),
    "source_priority.csv": "item_code,source_kind,priority\n*,department,1\n",
    "corrections.csv": (
        "department_code,item_code,area_code,period,expected_value,action,corrected_value,reason_zh,provider,known_from\n"
    ),
    "examination.csv": (
        "system,year,period_start,period_end,default_area_code,basis\nmohurd,2021,2020-01-01,2020-12-31,100000,verified\n"
    ),
}


def small_city(folder: Path) -> Catalogue:
    """Write the catalogue to ``folder`` and load it."""
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return load(folder)
