"""Movement data (移动数据): parts are entered under hashed device ids, cleaned, and summed up day by day."""
