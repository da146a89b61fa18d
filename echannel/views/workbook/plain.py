"""A sheet of formulas that are written as they are, a row at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import CellFormulaTuple, CellNumberTuple, Worksheet


class PlainFormulas(Worksheet):
    """A sheet whose formulas are written as they are: of functions that Excel has had since 2007.

    Newer ones need a prefix in the file, for which XlsxWriter looks through every formula thirty times: of
    eight thousand formulas that took most of a workbook's making. What is left is a call for each cell, and
    a list of its attributes: a row is put in at once here, and a cell of ours written in one step.
    """

    def write_formulas(
        self, row: int, first: int, formulas: Sequence[str], style: Any, results: Sequence[str | float]
    ) -> None:
        """Formulas (without "=") side by side from column ``first`` on, each with its result ("": none)."""
        if not formulas:
            return
        self._check_dimensions(row, first)
        self._check_dimensions(row, first + len(formulas) - 1)
        cells = self.table[row]
        for column, (formula, result) in enumerate(zip(formulas, results, strict=True), start=first):
            cells[column] = CellFormulaTuple(formula, style, result)

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind = type(cell)
        if kind is CellFormulaTuple and cell.format and (cell.value == "" or type(cell.value) is float):
            style, formula = cell.format._get_xf_index(), cell.formula
            if "&" in formula or "<" in formula or ">" in formula:
                formula = formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            place = xl_rowcol_to_cell_fast(row, col)
            self.fh.write(f'<c r="{place}" s="{style}"><f>{formula}</f><v>{cell.value}</v></c>')
        elif kind is CellNumberTuple and cell.format:
            style, place = cell.format._get_xf_index(), xl_rowcol_to_cell_fast(row, col)
            self.fh.write(f'<c r="{place}" s="{style}"><v>{cell.number:.16G}</v></c>')
        else:
            super()._write_cell(row, col, cell)
