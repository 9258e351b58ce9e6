"""What is left to the night: more of the same, beyond the cases that stand for each kind by day.

``.ci/test`` takes a few of what goes through whole workbooks, ``.ci/night`` the others. Without the
option ``-m`` pytest takes all, and so does whoever names a test.

By day, chosen so that it takes a quarter of an hour on two cores:

- Of each kind of evidence at least one case, which can fail for the kind's own reason: each
  command, each line of refusal, each way to break a file, each property. It is the cheapest case
  that can: of the workbooks the borrowing base, which takes half of the others' time, and the small
  template where no figure of a deal is asked for.
- Of each of the four workbooks: that it is built to the same bytes and is the one committed, its
  figures by the mirror or the agreement, a break-even, a scenario typed, twins and Checks, lint.
- Of the engines beside ours, LibreOffice, the auditor and the copy without functions: one workbook.

At night: the same kind on a second workbook, deal, term, fault or file; a page of the tutorial
whose commands are tested elsewhere; and what is told of one deal that was once wrong, where it
takes seconds and the same sentence, verdict or grid is tested for another deal by day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest

__all__ = ["FEW", "mark"]

_TYPED = "test_a_scenario_typed_is_the_scenario_chosen"
_MEETS = "test_the_break_even_decline_meets_the_covenant"
_AGREED = "test_the_loan_is_what_the_agreement_says"

#: How many cases of a family run by day, or which; of a test that is named with its case, or is
#: one, none.
FEW: dict[str, dict[str, int | tuple[str, ...]]] = {
    "tests/cli/test_cli.py": {
        "test_demo_again_changes_nothing_and_loses_nothing": 0,
        "test_demo_shows_the_figures_of_both_deals": 0,
        "test_no_figure_is_cut_off": 4,
    },
    "tests/cli/test_life.py": {"test_diff_tells_what_is_typed_over_in_either": 1},
    "tests/cli/test_opened_once.py": {"test_each_file_is_read_once": 4},
    "tests/cli/test_points.py": {
        "test_a_scenario_is_a_line_with_what_becomes_of_the_loan": 0,
    },
    # each mistake in a formula by day in the small template
    "tests/deals/test_authors.py": {
        "test_a_mistake_in_a_formula_names_the_line_and_the_remedy": 1,
        "test_mistakes_of_all_kinds_are_one_message": 1,
    },
    "tests/deals/test_deals.py": {
        "test_a_formula_that_names_nothing_is_named": 1,
    },
    "tests/docs/test_docs.py": {
        # the commands of the README are those of the first page
        f"test_a_page_says_what_happens[{page}]": 0
        for page in ("rent-curve", "covenant", "many-loans", "house-template", "python")
    },
    "tests/docs/test_examples.py": {
        f"test_the_example_runs[xlcredit.{name}]": 0
        for name in (
            "portfolio.portfolio",
            "workbook.making.new_workbook",
            "workbook.sensitivity.grid.grid",
            "workbook.sensitivity.stressed.stress",
        )
    },
    # at night with far more examples, too
    "tests/functions/test_contract.py": {
        "test_a_word_is_read_in_any_case[XLC_SIM_GRID]": 0,
    },
    "tests/functions/test_fuzz.py": {
        "test_any_cells_give_a_legal_answer": 15,
        "test_a_range_of_any_cells_gives_the_answers_of_its_cells": 30,
    },
    "tests/fuzz/test_readers.py": {
        "test_a_reader_answers_or_says_why_not": 4,
        "test_bytes_of_any_kind": 4,
        "test_a_reader_that_brings_the_process_down_is_a_finding": 0,
    },
    # the night runs the whole of these two by their commands, too
    "tests/hostile/test_determinism.py": {"test_settings_of_the_machine_change_no_byte": 0},
    "tests/hostile/test_faults.py": {
        # of all ways to write: workbook, text, folder, table, pictures, add-in
        "test_a_fault_leaves_the_old_file_or_nothing": (
            *("recalc", "calibrate", "new, copy", "portfolio, parquet", "simulate, charts"),
            "excel install",
        ),
    },
    "tests/hostile/test_workbooks.py": {
        "test_no_command_falls_over": 60,
        # what is long in them is long for each of the commands
        "test_no_command_falls_over[name_used_thousands_of_times]": 0,
        "test_no_command_falls_over[seventy_thousand_members]": 0,
        "test_no_command_falls_over[deep_strings]": 0,
    },
    "tests/hosts/libreoffice/test_engine.py": {"test_our_workbooks_are_confirmed": 1},
    "tests/hosts/libreoffice/test_workbooks.py": {
        "test_every_cell_agrees_with_the_embedded_engine": 1,
        "test_the_twins_agree_within_calc": 1,
    },
    "tests/models/test_loan.py": {"test_an_independent_program_agrees": 12},
    "tests/models/test_market.py": {
        "test_a_plain_simulation_agrees_in_stress": 0,
    },
    "tests/ooxml/test_scanning.py": {
        "test_our_workbooks_are_read_quickly_and_alike": 2,
    },
    "tests/portfolio/test_cluster.py": {
        "test_a_cluster_with_its_workers_killed_writes_the_same_bytes": 0,
        "test_compiled_paths_on_a_cluster_are_those_of_this_machine": 0,
        "test_a_scheduler_that_goes_away_keeps_what_is_done": 0,
    },
    "tests/portfolio/test_market.py": {
        "test_a_killed_run_goes_on_to_the_same_bytes": 0,
        "test_a_deal_file_is_simulated_as_its_own_workbook_is": ("miner-dual-collateral",),
        "test_a_loan_that_takes_too_long_or_too_much_is_left_out": ("memory",),
    },
    "tests/portfolio/test_portfolio.py": {
        "test_own_months_are_simulated_for_their_loan_alone": 0,
        "test_a_house_template_goes_along": 0,
        "test_a_loaded_template_gives_what_its_own_workbook_gives": 1,
        "test_own_months_are_those_of_their_loan_alone": 1,
        "test_the_package_is_the_function_in_every_order_of_imports": 1,
        "test_a_run_that_is_asked_to_end_leaves_its_journal_and_no_worker": 1,
        "test_a_full_disk_at_the_tape_leaves_no_part_of_it": 1,
        "test_hundreds_of_loans_with_little_memory_are_not_compiled": 0,
        "test_a_house_template_is_never_the_one_that_ships": 0,
        "test_each_loan_of_two_readings_is_named": 0,
    },
    "tests/workbook/test_legal_inputs.py": {
        "test_what_was_found_once_is_gone": ("gpu-borrowing-base",),
        "test_no_legal_deal_shows_an_error": ("gpu-borrowing-base",),
    },
    "tests/test_command.py": {"test_it_prints_and_exits_alike": 4},
    "tests/workbook/test_auditor.py": {
        "test_an_independent_auditor_finds_nothing": 1,
        "test_it_does_look": 0,
        "test_it_does_calculate": 0,
    },
    "tests/workbook/test_bad_deals.py": {
        "test_what_makes_sense_shows_no_error": 1,
        "test_what_makes_none_is_never_ok": 1,
    },
    "tests/workbook/test_base_told.py": {
        "test_dominion_from_month_1_is_what_the_waterfall_says": 3,
        "test_a_cover_of_0_is_no_covenant": 2,
        "test_where_no_loan_is_drawn_nothing_has_a_verdict": 1,
    },
    "tests/workbook/test_certificate.py": {
        "test_what_nobody_has_reported_is_not_certified": 1,
        "test_a_scenario_is_not_certified": 1,
    },
    "tests/workbook/test_change.py": {
        "test_every_other_input_keeps_its_own": 0,
        "test_no_citation_and_no_date_beside_a_made_up_figure": 1,
    },
    "tests/workbook/test_compare.py": {
        "test_an_input_is_told_with_its_label_and_unit": 2,
        "test_ltv_and_spread_are_among_the_figures": 0,
        "test_a_workbook_does_not_differ_from_itself": 1,
    },
    # months of one's own and reported ones: by day on the borrowing base, and of the others what
    # the base has not
    "tests/workbook/test_curves.py": {
        "test_the_fall_of_ones_own_months_is_a_level_of_the_curve": 0,
        "test_the_curve_typed_month_by_month_is_the_curve": 0,
        "test_what_has_happened_moves_the_loan_and_not_what_was_signed": 0,
        "test_a_base_rate_that_was_not_planned_fills_the_reserve_as_the_engine_does": 1,
        "test_a_value_in_another_unit_fails_a_check_that_names_both": 0,
        "test_higher_rents_of_ones_own_repay_the_loan": 0,
    },
    "tests/workbook/test_curves_base.py": {"test_rents_that_halve_are_a_level_of_a_half": 0},
    "tests/workbook/test_curves_hosting.py": {
        "test_what_has_happened_moves_the_loan_and_not_what_was_signed": 0,
        "test_rents_that_halve_are_a_level_of_a_half": 0,
        "test_the_months_typed_as_they_are_change_nothing": 0,
        "test_a_value_in_another_unit_fails_a_check": 0,
        "test_months_come_back_from_the_workbook": 0,
    },
    "tests/workbook/test_curves_miner.py": {
        "test_the_curves_typed_month_by_month_are_the_curves": 0,
        "test_a_rate_that_rose_costs_what_its_interest_is": 0,
        "test_a_coin_price_in_another_unit_fails_a_check": 0,
        "test_coin_that_has_halved_is_the_fall_as_an_input": 0,
    },
    "tests/workbook/test_dashboard.py": {
        "test_a_verdict_typed_over_decides_nothing": 1,
        "test_a_verdict_whose_formula_belies_its_figures_is_undecided": 1,
        "test_a_verdict_over_what_is_typed_over_decides_nothing": (
            "covenant_cover.value-9.0-the value is typed over its formula",
            "limit_vintage.threshold-0.9-the threshold is typed over its formula",
            "limit_vintage.test-at least-the test is typed over the template's",
        ),
        "test_a_test_of_the_model_that_is_typed_over_fails_the_master_check": 1,
        "test_a_figure_that_is_typed_over_is_told": 1,
    },
    "tests/workbook/test_empty_inputs.py": {"test_nothing_passes_on_an_empty_input": 2},
    "tests/workbook/test_extract.py": {
        "test_hostile_text_comes_back": 1,
        "test_a_hostile_name_and_note_come_back": 1,
        "test_the_file_builds_the_same_bytes": 1,
        "test_changed_inputs_come_back": 1,
    },
    "tests/workbook/test_facts.py": {
        "test_a_fall_over_months_begins_at_the_report": 0,
        # the others for the borrowing base in test_reported
        "test_no_scenario_moves_a_month_that_is_reported": (
            "hosting-project-loan-terms1-numbers1",
        ),
        "test_a_scenario_typed_is_the_one_chosen_where_rents_are_reported": 0,
        "test_the_break_even_of_a_lease_is_of_the_months_to_come": 0,
        "test_the_grid_of_a_lease_moves_the_months_to_come": 0,
        "test_the_grid_of_the_miner_moves_the_months_to_come": 0,
        "test_own_rents_fall_after_the_report_alone": 0,
        "test_the_break_even_of_the_miner_is_of_the_months_to_come": 0,
    },
    "tests/workbook/test_figures.py": {
        _TYPED: 1,
        _MEETS: 2,
        "test_the_loan_is_what_its_formulas_say": 4,
        "test_a_new_lender_takes_out_the_balloon_or_nothing": 3,
        "test_dual_ltv_is_what_its_formulas_say": 1,
    },
    "tests/workbook/test_freeze.py": {
        "test_any_change_breaks_the_seal": 4,
        "test_what_a_reader_sees_is_covered": 5,
    },
    "tests/workbook/test_grid_processes.py": {
        "test_a_grid_is_full_recalculations": ("gpu-borrowing-base-index_basis",),
    },
    "tests/workbook/test_hosting.py": {
        "test_one_month_is_one_month": 0,
        "test_a_balloon_is_no_larger_than_what_has_its_interest_paid": 0,
        "test_a_first_test_after_maturity_is_told": 1,
        "test_a_downside_that_is_better_than_the_case_in_force_says_why": 0,
        _TYPED: 2,
        _MEETS: 2,
        _AGREED: 4,
        "test_the_draws_cost_interest_and_fee_until_closing": 1,
        "test_no_instalment_counts_in_two_covers": 1,
        "test_cover_sets_the_cash_between_two_dates_against_their_principal": 1,
        "test_a_tenant_stops_at_maturity_whatever_the_tenor": 0,
        "test_the_site_stays_empty_after_the_guarantor_too": 0,
        "test_cash_between_two_dates_of_principal_waits_for_it": 0,
    },
    "tests/workbook/test_hosting_covenants.py": {
        "test_the_scenarios_give_the_verdicts_that_they_give_when_chosen": 0,
        "test_a_longer_lease_never_lowers_what_is_lent_or_paid_for_the_site": 0,
        "test_an_empty_month_more_never_raises_the_new_loan": 0,
        "test_the_covenant_reads_the_months_behind_or_ahead": 2,
        "test_sentence_limit_and_new_lender_give_one_answer": 2,
        "test_cash_and_reserve_cover_the_months_agreed": 2,
        "test_at_its_break_even_the_forward_covenant_is_just_met": 2,
    },
    "tests/workbook/test_hosting_edges.py": {
        "test_a_cell_of_that_grid_is_what_the_book_says_of_the_same_inputs": 1,
        "test_a_test_that_enforcement_forestalls_is_not_passed": 1,
        "test_a_lease_that_outlives_the_loan_a_little_is_lent_on": 1,
        "test_the_grid_of_a_tenant_who_stops_counts_his_termination_payment": 1,
        "test_a_loan_on_a_worthless_site_is_above_every_limit": 1,
        "test_repaid_shares_that_are_given_are_not_sculpted": 0,
        "test_a_balloon_that_shares_leave_is_not_called_none": 0,
    },
    "tests/workbook/test_libreoffice.py": {
        "test_native_cells_agree": 1,
        "test_twins_agree_across_engines": 1,
        "test_the_stored_values_survive_without_the_add_in": 1,
        "test_openpyxl_and_pandas_read_the_same": 1,
    },
    # the committed workbooks are what is built, which is linted
    "tests/workbook/test_lint.py": {"test_the_committed_workbooks_have_no_error": 0},
    "tests/workbook/test_market_screen.py": {"test_a_deal_is_as_calculated": 1},
    "tests/workbook/test_miner.py": {
        "test_a_call_on_any_day_moves_with_what_moves_it": 0,
        "test_a_loan_that_cash_does_not_repay_has_no_verdict_on_the_margin": 0,
        "test_the_simulation_runs_at_the_average_rate_of_the_schedule": 0,
        "test_what_is_not_rolled_over_is_the_same_loss_everywhere": 0,
        "test_a_loan_beyond_the_advance_rates_does_not_meet_the_condition": 0,
        _TYPED: 2,
        _MEETS: 2,
        _AGREED: 4,
        "test_lower_rents_may_mend_the_covenant_and_the_break_even_is_one_that_breaks_it": 0,
        "test_what_enforcement_has_sold_earns_the_owner_nothing": 2,
    },
    "tests/workbook/test_native.py": {
        **{
            f"{test}[{book}]": 0
            for test in (
                "test_no_cell_calls_a_worksheet_function",
                "test_it_recalculates_to_the_same_figures",
                "test_what_is_frozen_says_so",
                "test_every_function_has_a_formula_in_its_place",
                "test_what_is_frozen_is_not_taken_for_typed_over",
            )
            for book in ("gpu-term-loan", "hosting-project-loan", "miner-dual-collateral")
        },
        "test_a_recovery_after_the_last_month_counts_or_is_no_number": 0,
    },
    "tests/workbook/test_never_milder.py": {"test_the_worse_of_input_and_scenario_is_in_force": 2},
    "tests/workbook/test_own_months.py": {
        "test_what_has_happened_does_not_fall": 0,
        "test_a_fall_of_some_months_says_how_many_it_leaves": 1,
        "test_the_break_even_is_the_fall_that_just_meets_the_covenant": (
            "gpu-borrowing-base-1.2-case3-covenant_cover-20",
        ),
        "test_the_rise_that_a_covenant_needs_is_not_cut_off_at_all_of_it": (
            "gpu-borrowing-base-0.25-case2-covenant_cover",
        ),
        "test_the_inputs_behind_a_row_are_found_in_the_workbook": ("gpu-borrowing-base",),
        "test_the_named_inputs_indeed_move_nothing_in_the_row": 0,
        "test_stress_tells_it_of_grids_targets_and_reverse": 0,
    },
    "tests/workbook/test_plausible.py": {
        "test_a_deal_and_its_workbook_are_told_and_calculated": 0,
    },
    "tests/workbook/test_price_of_risk.py": {
        "test_a_loss_is_what_neither_accounts_nor_collateral_cover": 1,
        "test_an_error_in_a_month_is_no_break_even": 1,
    },
    "tests/workbook/test_reported.py": {
        "test_a_scenario_moves_the_months_to_come_alone": ("gpu-borrowing-base",),
        "test_where_all_is_reported_nothing_moves": ("gpu-borrowing-base",),
        "test_the_break_even_falls_in_the_months_to_come": (
            "0.0-gpu-borrowing-base",
            "0.3-gpu-borrowing-base",
        ),
        "test_own_months_reported_do_not_fall": ("gpu-borrowing-base",),
    },
    "tests/workbook/test_revolver.py": {
        "test_lower_rents_never_raise_a_cover": 0,
        "test_the_facility_is_what_its_formulas_say": 4,
        _MEETS: 3,
    },
    "tests/workbook/test_session.py": {
        "test_the_way_does_not_matter": 0,
        "test_a_book_that_stays_open_says_what_a_recalculation_says": 1,
    },
    "tests/workbook/test_simulation.py": {"test_a_worse_input_gives_a_worse_figure": 2},
    "tests/workbook/test_steep_rents.py": {
        "test_a_decline_that_a_shock_takes_past_the_whole_rent": 2
    },
    "tests/workbook/test_stress.py": {
        "test_the_refinancing_tables_begin_at_the_figures_of_the_summary": 0,
        "test_a_scenario_reads_the_same_in_the_table_and_in_force": 6,
        "test_the_map_moves_cards_as_the_model_does": 1,
    },
    "tests/workbook/test_structure.py": {
        "test_the_printed_figures_are_figures": 2,
        "test_a_hostile_name_stays_text": 1,
        "test_one_formula_per_row": 2,
    },
    "tests/workbook/test_term_loan.py": {
        "test_a_loan_paid_as_lenders_wait_is_owed_net_of_the_cards": 0,
        "test_all_of_them_at_once_and_at_random": 0,
        "test_the_sheet_says_what_the_command_says": 0,
        "test_the_break_even_is_the_smallest_decline_that_breaks": 0,
        "test_at_its_break_even_the_covenant_is_just_met": 2,
        "test_each_scenario_says_whether_its_liquidity_holds": 1,
        "test_each_draw_costs_interest_and_fee_until_closing": 2,
        "test_terms_that_are_off_by_default_hold_the_audit": 2,
        "test_lower_rents_never_raise_the_dscr_or_pass_the_covenant": 0,
        "test_a_worse_input_gives_a_worse_figure": 2,
    },
    "tests/workbook/test_term_loan_verdicts.py": {
        "test_a_certificate_reads_what_the_covenants_read": 0,
        "test_each_scenario_is_secured_on_what_its_own_cards_are_worth_at_closing": 1,
        "test_repaid_shares_that_are_given_are_not_sculpted": 0,
        "test_resale_values_of_ones_own_have_no_formula_to_agree_with": 0,
    },
    "tests/workbook/test_tested.py": {
        "test_no_card_under_contract_is_no_contract": 0,
        "test_nothing_is_certified_of_a_loan_that_is_repaid_or_that_nobody_reported": 0,
        "test_a_covenant_is_tested_in_the_months_in_which_something_is_owed": 2,
        "test_rents_that_fall_more_a_year_mean_one_thing": 1,
        "test_the_grid_of_what_is_unpaid_pulls_the_trigger_by_the_rents_of_its_cell": 0,
        "test_months_without_cash_at_flat_rents_leave_a_schedule_without_a_rest": 1,
        "test_a_floor_above_the_rents_is_the_rent_in_grid_tornado_and_audit": 1,
    },
    "tests/workbook/test_ties.py": {
        "test_a_sculpted_loan_passes_its_covenant": 1,
        "test_libreoffice_decides_alike": 0,
    },
    "tests/workbook/test_told.py": {
        "test_a_contract_that_lasts_to_maturity_leaves_nothing_to_carry": 0,
        "test_months_that_nobody_reported_are_told": 1,
        "test_the_all_in_rate_is_the_one_charged": 2,
        "test_no_sentence_ends_in_an_error_where_no_loan_is_drawn": 1,
        "test_one_month_is_no_months": 1,
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
        if isinstance(few, tuple):
            by_day = {at for at, case in enumerate(cases) if _id(case) in few}
        else:
            by_day = {at * len(cases) // few for at in range(few)}
        for at, case in enumerate(cases):
            if at not in by_day:
                case.add_marker(pytest.mark.night)


def _id(case: pytest.Item) -> str:
    """What stands between the brackets."""
    return case.nodeid.partition("[")[2].removesuffix("]")
