"""Word documents that a person sends, as paragraphs and tables with their places; nothing is interpreted here."""

from cityhealth.documents.parts import is_word, main_parts
from cityhealth.documents.word import Block, Document, Paragraph, WordTable, read_word

__all__ = ["Block", "Document", "Paragraph", "WordTable", "is_word", "main_parts", "read_word"]
