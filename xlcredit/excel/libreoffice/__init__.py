"""The LibreOffice host: every worksheet function as a Calc add-in, in one extension."""
