"""What is left to the night: more of the same, beyond the cases that stand for each kind by day.

A family of cases goes through whole workbooks, one deal after another. ``.ci/test`` takes a few of
each, evenly chosen, so that a change is judged in half the time; ``.ci/night`` takes the others.
Without the option ``-m`` pytest takes all, and so does whoever names a test.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest

__all__ = ["FEW", "mark"]

_TYPED = "test_a_scenario_typed_is_the_scenario_chosen"
_MEETS = "test_the_break_even_decline_meets_the_covenant"
_AGREED = "test_the_loan_is_what_the_agreement_says"

#: How many cases of a family run by day; of a test that is named with its case, or is one, none.
FEW = {
    "tests/cli/test_cli.py": {
        "test_demo_again_changes_nothing_and_loses_nothing": 0,
        "test_demo_shows_the_figures_of_both_deals": 0,
    },
    "tests/fuzz/test_readers.py": {
        "test_a_reader_answers_or_says_why_not": 4,
        "test_bytes_of_any_kind": 4,
    },
    # the night runs the whole of these two by their commands, too
    "tests/hostile/test_determinism.py": {"test_settings_of_the_machine_change_no_byte": 0},
    "tests/hostile/test_faults.py": {
        "test_a_fault_leaves_the_old_file_or_nothing[demo]": 0,
        "test_a_fault_leaves_the_old_file_or_nothing[start, workbook]": 0,
        "test_a_fault_leaves_the_old_file_or_nothing[stress, workbook]": 0,
    },
    "tests/hosts/libreoffice/test_engine.py": {"test_our_workbooks_are_confirmed": 2},
    "tests/hosts/libreoffice/test_workbooks.py": {
        "test_every_cell_agrees_with_the_embedded_engine": 2
    },
    "tests/portfolio/test_cluster.py": {
        "test_compiled_paths_on_a_cluster_are_those_of_this_machine": 0
    },
    "tests/portfolio/test_market.py": {
        "test_a_deal_file_is_simulated_as_its_own_workbook_is": 2,
    },
    "tests/portfolio/test_portfolio.py": {
        "test_a_loaded_template_gives_what_its_own_workbook_gives": 2,
        "test_own_months_are_those_of_their_loan_alone": 1,
        "test_the_package_is_the_function_in_every_order_of_imports": 2,
    },
    "tests/workbook/test_auditor.py": {
        "test_an_independent_auditor_finds_nothing": 2,
        "test_it_does_look": 0,
        "test_it_does_calculate": 0,
    },
    "tests/workbook/test_bad_deals.py": {
        "test_what_makes_sense_shows_no_error": 4,
        "test_what_makes_none_is_never_ok": 3,
    },
    "tests/workbook/test_change.py": {"test_no_citation_and_no_date_beside_a_made_up_figure": 4},
    "tests/workbook/test_compare.py": {"test_an_input_is_told_with_its_label_and_unit": 3},
    "tests/workbook/test_curves_hosting.py": {
        "test_rents_that_halve_are_a_level_of_a_half": 0,
    },
    "tests/workbook/test_curves_miner.py": {
        "test_the_curves_typed_month_by_month_are_the_curves": 0
    },
    "tests/workbook/test_empty_inputs.py": {"test_nothing_passes_on_an_empty_input": 3},
    "tests/workbook/test_extract.py": {
        "test_hostile_text_comes_back": 4,
        "test_the_file_builds_the_same_bytes": 2,
    },
    "tests/workbook/test_figures.py": {
        _TYPED: 6,
        _MEETS: 3,
        "test_the_loan_is_what_its_formulas_say": 7,
        "test_a_new_lender_takes_out_the_balloon_or_nothing": 6,
    },
    "tests/workbook/test_freeze.py": {"test_any_change_breaks_the_seal": 5},
    "tests/workbook/test_hosting.py": {
        _TYPED: 3,
        _MEETS: 3,
        _AGREED: 12,
        "test_the_draws_cost_interest_and_fee_until_closing": 3,
    },
    "tests/workbook/test_hosting_covenants.py": {
        "test_the_covenant_reads_the_months_behind_or_ahead": 4,
        "test_sentence_limit_and_new_lender_give_one_answer": 4,
        "test_cash_and_reserve_cover_the_months_agreed": 4,
    },
    "tests/workbook/test_libreoffice.py": {"test_native_cells_agree": 2},
    "tests/workbook/test_lint.py": {"test_the_committed_workbooks_have_no_error": 1},
    "tests/workbook/test_miner.py": {
        _TYPED: 3,
        _MEETS: 3,
        _AGREED: 8,
        "test_lower_rents_may_mend_the_covenant_and_the_break_even_is_one_that_breaks_it": 1,
    },
    "tests/workbook/test_native.py": {
        f"{test}[{book}]": 0
        for test in (
            "test_no_cell_calls_a_worksheet_function",
            "test_it_recalculates_to_the_same_figures",
            "test_what_is_frozen_says_so",
            "test_every_function_has_a_formula_in_its_place",
        )
        for book in ("hosting-project-loan", "miner-dual-collateral")
    },
    "tests/workbook/test_never_milder.py": {"test_the_worse_of_input_and_scenario_is_in_force": 3},
    "tests/workbook/test_own_months.py": {
        "test_the_break_even_is_the_fall_that_just_meets_the_covenant": 2,
        "test_the_inputs_behind_a_row_are_found_in_the_workbook": 2,
        "test_the_named_inputs_indeed_move_nothing_in_the_row": 0,
        "test_stress_tells_it_of_grids_targets_and_reverse": 0,
    },
    "tests/workbook/test_revolver.py": {"test_lower_rents_never_raise_a_cover": 0},
    "tests/workbook/test_session.py": {"test_the_way_does_not_matter": 0},
    "tests/workbook/test_simulation.py": {"test_a_worse_input_gives_a_worse_figure": 3},
    "tests/workbook/test_steep_rents.py": {
        "test_a_decline_that_a_shock_takes_past_the_whole_rent": 2
    },
    "tests/workbook/test_stress.py": {"test_the_map_moves_cards_as_the_model_does": 2},
    "tests/workbook/test_structure.py": {"test_a_hostile_name_stays_text": 2},
    "tests/workbook/test_term_loan.py": {
        "test_the_break_even_is_the_smallest_decline_that_breaks": 1,
        "test_at_its_break_even_the_covenant_is_just_met": 4,
        "test_terms_that_are_off_by_default_hold_the_audit": 4,
        "test_lower_rents_never_raise_the_dscr_or_pass_the_covenant": 0,
    },
    "tests/workbook/test_tested.py": {
        "test_a_covenant_is_tested_in_the_months_in_which_something_is_owed": 3
    },
}


def mark(items: Iterable[pytest.Item]) -> None:
    """Mark the cases that are left to the night."""
    families: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        path, _, name = item.nodeid.partition("::")
        few = FEW.get(path, {})
        if name in few:
            families[path, name].append(item)
        elif (family := name.partition("[")[0]) in few:
            families[path, family].append(item)
    for (path, family), cases in families.items():
        few = FEW[path][family]
        by_day = {at * len(cases) // few for at in range(few)}
        for at, case in enumerate(cases):
            if at not in by_day:
                case.add_marker(pytest.mark.night)
