"""The hosts: Excel and LibreOffice."""
