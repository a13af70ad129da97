//! What stands beside tickets, held against both databases: supervision, what the rules see, same-event clusters, legal
//! holds, the archive. Every story runs once on SQLite and once on PostgreSQL, in simulated time.

#[path = "../support/postgres.rs"]
mod postgres;

mod archive;
mod clusters;
mod cost;
mod holds;
mod kinds;
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
    kinds::a_change_of_kind_waits_in_a_list_moves_the_limits_and_keeps_both,
    holds::notices_of_a_year_have_no_gaps_and_no_twins,
}
