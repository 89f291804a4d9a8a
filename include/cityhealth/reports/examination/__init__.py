"""The city's report of a year (城市自体检报告): values from the marts, a Word document, its versions and states."""
