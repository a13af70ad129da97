//! What stands beside tickets, held against both databases: supervision, what the rules see, same-event clusters, legal
//! holds, the archive; and what tickets do with units, kinds and clocks that takes a database to see. Every story runs once on SQLite and once on PostgreSQL, in simulated time.

#[path = "../support/postgres.rs"]
mod postgres;

mod archive;
mod clock;
mod clusters;
mod cost;
mod drafts;
mod holds;
mod kinds;
mod offices;
mod watch;
mod world;

/// Runs each story on both databases.
macro_rules! stories {
    ($($module:ident::$story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                Box::pin(super::$module::$story(super::world::World::sqlite().await)).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                Box::pin(super::$module::$story(super::world::World::postgres().await)).await;
            })+
        }
    };
}

stories! {
    watch::what_was_found_is_found_again_after_it_was_deleted,
    watch::a_suspicion_opens_one_recheck_and_a_confirmed_one_is_a_fact,
    watch::silence_climbs_the_ladder_in_simulated_time,
    watch::a_ticket_that_changes_while_it_is_looked_at_is_looked_at_again,
    clusters::one_reply_answers_all_and_every_citizen_is_asked,
    clusters::a_ticket_is_in_one_matter_and_may_leave_it,
    clusters::similar_demands_are_found_by_what_they_say,
    archive::an_archive_taken_in_elsewhere_is_equal,
    archive::deleted_sound_leaves_what_the_check_accepts_and_nothing_else_does,
    holds::what_is_past_its_class_goes_unless_somebody_holds_it,
    drafts::calls_in_which_nothing_was_asked_leave_nobody_a_draft,
    kinds::a_change_of_kind_waits_in_a_list_moves_the_limits_and_keeps_both,
    offices::a_unit_sees_what_is_under_it_and_an_office_what_it_was_given,
    offices::a_unit_that_moves_takes_its_open_tickets_to_the_other_calendar,
    offices::a_merged_units_open_tickets_are_its_heirs,
    offices::proof_of_contact_is_about_the_ticket_it_is_given_for,
    offices::a_move_of_a_later_day_holds_from_that_day_on,
    offices::silence_is_counted_by_the_rules_of_the_ticket,
    offices::what_is_sealed_is_in_no_list_of_key_matters,
    offices::what_is_kept_in_a_ticket_is_kept_in_everything_about_it,
    clock::a_clock_set_back_a_day_fires_nothing_twice_and_loses_nothing,
    clock::a_clock_set_forward_a_day_fires_all_that_is_due_once,
    clock::work_of_a_clock_that_ran_ahead_does_not_wait_a_day,
    clock::of_many_at_once_one_wins_and_the_others_hear_why,
    clock::reviewers_at_once_judge_once_and_the_loser_is_told,
    clock::commands_out_of_order_are_refused_and_leave_nothing,
    clock::a_sweep_and_a_unit_at_once_leave_one_story,
    clock::many_swept_together_are_told_as_one_by_one,
    clock::a_ticket_that_cannot_be_swept_holds_up_no_other,
    clock::a_whole_batch_that_cannot_be_swept_holds_up_no_other,
    clock::a_ticket_in_somebody_s_hands_is_swept_the_next_time,
    offices::what_a_unit_lacked_stays_on_record_when_it_is_mended,
    archive::a_restore_without_its_key_makes_none,
    holds::notices_of_a_year_have_no_gaps_and_no_twins,
    holds::files_of_an_archived_ticket_go_with_its_class_and_stay_under_a_hold,
    offices::what_the_conference_took_up_is_found_from_its_tickets,
}
