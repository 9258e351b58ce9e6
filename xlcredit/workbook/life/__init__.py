"""The life of a workbook after it was built: compared, extracted, frozen, stamped."""
