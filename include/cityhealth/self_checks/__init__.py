"""What a self-check says, without a database: sections of a text without headings, and the figures that it quotes."""
