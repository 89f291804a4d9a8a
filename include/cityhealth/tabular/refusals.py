"""The reasons for which a whole file is refused, with their stable codes."""

from __future__ import annotations

from cityhealth.errors import Place, UnreadableFile

MESSAGES = {
    "empty": "文件是空的",
    "file_too_large": "文件太大",
    "zip_bomb": "文件解压后异常庞大，可能是压缩炸弹，已拒绝读取",
    "too_many_cells": "表格的单元格过多",
    "damaged": "文件已损坏或传输不完整，请重新发送",
    "encrypted": "文件有打开密码，请去掉密码后重新发送",
    "unsafe_xml": "文件内含不允许的 XML 定义，已拒绝读取",
    "not_a_table": "文件不是表格，请发送 xlsx、xls 或 csv 文件",
    "unsupported_format": "不支持这种表格格式，请另存为 xlsx 后重新发送",
    "undecodable": "无法识别文字编码，请另存为 UTF-8 编码的 csv 或 xlsx 后重新发送",
    "old_word": "这是旧版 Word 文档（.doc、.wps），请另存为 .docx 后重新发送",
    "not_a_document": "文件不是 Word 文档，请发送 .docx 文件",
    "not_a_report": "文件既不是表格也不是 Word 文档，请发送 xlsx 或 docx 文件",
    "no_sheets": "工作簿里没有工作表",
}


def refuse(code: str, filename: str, detail: str = "") -> UnreadableFile:
    """The error to raise for ``code``; ``detail`` (Chinese) follows the standard message."""
    return UnreadableFile(code, MESSAGES[code] + (f"（{detail}）" if detail else ""), Place(filename))
