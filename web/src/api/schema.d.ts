// Generated from the server's OpenAPI document by `npm run client`. Do not edit.

export interface paths {
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["health_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accountability": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ledger, the latest entry first. */
        get: operations["accountability_list"];
        put?: never;
        /** Records an entry by hand; it stands when another supervisor approved it. */
        post: operations["accountability_record"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accountability/unmet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What units lacked of the duties of article 7, from when to when, also when it is mended by now: facts for an entry
         *     `duties_unmet` of the ledger of accountability (article 28(6)).
         */
        get: operations["organisation_unmet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accountability/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decides about an entry that somebody else recorded. */
        post: operations["accountability_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accountability/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole chain of one entry in order. */
        get: operations["accountability_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The agents and their states. Which call an agent is on is shown to team leads, supervisors and the agent. */
        get: operations["organisation_agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/archives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * An archive of the selected tickets, as a tar: what `hotline export` writes into a folder, with the hash of every file in
         *     `archive.json`, which comes last. A tar without it broke off. At most 1,000 tickets.
         */
        post: operations["archives_make"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/articles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The regulation, article by article. */
        get: operations["rules_articles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/articles/{article}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The words a deadline or a refusal rests on: `11(3)` as its `article` says. */
        get: operations["rules_one_article"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what, newest first. */
        get: operations["audit_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Computes every entry's hash anew and compares. Reads the whole trail: some seconds for a million entries. */
        get: operations["audit_verification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calendar_changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every change of a calendar, in order. */
        get: operations["calendars_changes"];
        put?: never;
        /**
         * Publishes a notice. Its days hold at once; what runs is counted again within seconds, and listed under
         *     `/api/v1/calendar_changes/{revision}/moved`. A second notice for a year takes the first one's place.
         */
        post: operations["calendars_publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calendar_changes/{revision}/moved": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The deadlines a change of calendars has moved so far, old and new. */
        get: operations["calendars_moved"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calendars/{name}/days/{day}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What kind of day is this? */
        get: operations["calendars_day"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calendars/{name}/deadline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** When does a limit run out? Refused when it runs into a year whose holidays are not published. */
        post: operations["calendars_deadline"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/callouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Call-outs, the latest first. A unit sees its own. */
        get: operations["duty_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/callouts/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says that somebody has it, or that it is not needed any more. */
        post: operations["duty_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/callouts/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A call-out's whole log, in order: who was called and texted when, and what came of it. */
        get: operations["duty_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Call records, newest first; an agent sees their own. */
        get: operations["calls_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One call's record. */
        get: operations["calls_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Does something to a live call. Monitor, whisper, barge and take over are for team leads and supervisors. */
        post: operations["calls_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/categories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The categories of this desk, or those that what was typed may mean. */
        get: operations["intake_categories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/clusters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Clusters, the latest opened first. */
        get: operations["clusters_list"];
        put?: never;
        /** Merges tickets into one matter. Each keeps its citizen, its clocks and its survey. */
        post: operations["clusters_open"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/clusters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One cluster. */
        get: operations["clusters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/clusters/{id}/carry/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * One ticket command, carried to every member's own front door, the leading ticket first: one reply answers all, and
         *     each citizen is asked. Members that refuse are named and do not hold the others up.
         */
        post: operations["clusters_carry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/clusters/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Wishes something of a cluster. */
        post: operations["clusters_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/clusters/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole chain in order. */
        get: operations["clusters_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The members of the joint conference (article 4), or who they were at `as_of`; with `whole`, every change of a head with its day. */
        get: operations["organisation_conference"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conference/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The items, the latest first. */
        get: operations["conference_list"];
        put?: never;
        /** Enters an item: `{agenda, held_at, tickets?, clusters?}`. */
        post: operations["conference_enter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conference/items/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decides, links, closes or checks an item. */
        post: operations["conference_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contacts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One contact; an agent sees their own. */
        get: operations["contacts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contacts/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says what the contact was, or that wrap-up is over. */
        post: operations["contacts_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contacts/{id}/language": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says to which language seat 语种座席 the number's next calls go first, without handing this one over. */
        put: operations["contacts_language"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/duty/gaps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The gaps that are not over yet, the next first. */
        get: operations["duty_gaps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the rules found, the latest first: key matters by category, suspicions, facts for accountability. */
        get: operations["watch_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flagged_numbers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Flagged numbers, the latest first. */
        get: operations["flagged_numbers_list"];
        put?: never;
        /** Proposes that the number of some contacts be flagged. */
        post: operations["flagged_numbers_propose"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flagged_numbers/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Grants a flag (for at most 90 days), declines it, looks at it again, or lifts it: supervisors only. */
        post: operations["flagged_numbers_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flagged_numbers/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole chain of one flag in order. */
        get: operations["flagged_numbers_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/form": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the form of a demand asks at this person's desk beside what every demand has: the province's fields and its city's own
         *     (article 32). They go into a demand's `fields`, by key.
         */
        get: operations["intake_form"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/guest_calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A pass for one call from a page, good for half an hour. 404 where citizens may not call, 429 when one source asks too often. */
        post: operations["guests_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Holds, the latest first. */
        get: operations["holds_list"];
        put?: never;
        /** Places a hold. It is in the audit trail. */
        post: operations["holds_place"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/holds/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lifts a hold: supervisors only, with a reason, in the audit trail. */
        post: operations["holds_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/holds/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole chain of one hold in order. */
        get: operations["holds_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/intake": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a demand in: any channel, any of article 8's six groups, one ticket for each id of its origin. */
        post: operations["intake_accept"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/intake/words": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes in what a partner says: that it has the ticket, how it goes, what came of it, or that it is not its own. */
        post: operations["intake_words"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/key-marks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Key matters marked by hand, the latest first. */
        get: operations["watch_key_marks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/kpis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The figures of a period: by default of today until now. */
        get: operations["kpis_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The units that lack a process document, people for a post (article 7), or anybody on duty at this hour (article 13). */
        get: operations["organisation_lacks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lanes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The special channels. */
        get: operations["intake_lanes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Live events, as far as the role sees them. */
        get: operations["live_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in; the answer sets the session cookie. */
        post: operations["session_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs out. */
        post: operations["session_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I? */
        get: operations["session_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/call": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What my phone is doing now: what `board` would say within a second. */
        get: operations["session_my_call"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Ready, on a break, or gone. */
        put: operations["session_set_state"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/wrap_up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** As much time again for wrap-up 话后处理. */
        post: operations["session_extend_wrap_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/messages/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What gateways told us that nobody could match, newest first, for a person to read. */
        get: operations["messages_quarantine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/messages/quarantine/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reads what could not be matched: it is a citizen's answer to a ticket's survey, or nothing of the kind. Once. */
        post: operations["messages_read"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organisation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole organisation. */
        get: operations["administration_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organisation/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Applies a text: all of it or nothing. Call control works with it from the next call on. */
        post: operations["administration_apply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organisation/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What applying a text would change. Changes nothing. */
        post: operations["administration_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/origins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The systems that demands come from. */
        get: operations["intake_origins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outside_hotlines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Hotlines that are not ours, or those that what was typed may mean: for somebody whose matter is not this province's
         *     (article 9(1)).
         */
        get: operations["intake_outside_hotlines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/petitioners/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Somebody's tickets, by their number or their identity: a body, so that no number stands in a log of addresses. */
        post: operations["intake_history"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/public/ticket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** How does my ticket stand? */
        post: operations["citizens_ticket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/public/written_opinion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Is this written opinion 书面办理意见 genuine? */
        post: operations["citizens_written_opinion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The queues and how many wait. */
        get: operations["organisation_queues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The evidence sheet. */
        get: operations["recordings_manifest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/{id}/audio": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sound, as WAV. Ranges and If-Range as in RFC 9110 §14; each answer with sound in it is audited. */
        get: operations["recordings_audio"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/{id}/listens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who listened, the latest first: the last hundred answers that carried sound. */
        get: operations["recordings_listens"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/{id}/marks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The marks, from the recording's beginning. */
        get: operations["recordings_marks"];
        put?: never;
        /** Notes something at a place in the recording. */
        post: operations["recordings_mark"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/{id}/marks/{mark}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes back a mark of one's own. */
        delete: operations["recordings_unmark"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/{id}/peaks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The waveform, as audiowaveform's JSON. */
        get: operations["recordings_peaks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Refusals of each ground, by when their tickets were opened. */
        get: operations["intake_refusals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refusals/sample": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Refusals of one ground, drawn by lot anew each time: to be checked by a person. */
        get: operations["intake_sample"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/revisits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Revisits, the latest planned first. */
        get: operations["revisits_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/revisits/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** `call` places the recorded call between one's own extension and the citizen; `record` writes down what came of it. */
        post: operations["revisits_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every rule set, the provincial regulation first. */
        get: operations["rules_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One rule set. */
        get: operations["rules_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/{version}/differences/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What differs between two rule sets. */
        get: operations["rules_differences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/specialists": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whom an agent can consult. */
        get: operations["organisation_specialists"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What demands came in a period and how they were disposed of, divided by applicant, city and special channel. */
        get: operations["statistics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/supervision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Cases, the latest opened first. A unit sees its own. */
        get: operations["supervision_list"];
        put?: never;
        /** Opens a case about a ticket, at any level but the last. */
        post: operations["supervision_open"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/supervision/owners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whom a case may be assigned to. */
        get: operations["supervision_owners"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/supervision/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One case. */
        get: operations["supervision_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/supervision/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Wishes something of a case: 200 and the new state, or 409 and the article that says no. `rebind` dispatches the
         *     ticket to the appointed lead by the ticket's own rules.
         */
        post: operations["supervision_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/supervision/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole chain in order. */
        get: operations["supervision_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/supervision/{id}/notices/{serial}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One paper of a case, as text or as a page for print. It names no citizen. */
        get: operations["supervision_notice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tickets one may see, newest first. A unit sees those it has a part in. */
        get: operations["tickets_list"];
        put?: never;
        /** Registers a ticket without a call. The body is that of the command `register`. */
        post: operations["tickets_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/counters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's lists and how much waits in them, in the order of the day. */
        get: operations["tickets_counters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One ticket. */
        get: operations["tickets_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one may do with a ticket now. The rules themselves say so; they are asked again when it is done. */
        get: operations["tickets_actions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/advice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Similar demands and proposed units for a ticket whose demand is still being written: nothing is saved. A body, so that
         *     no demand stands in a log of addresses.
         */
        post: operations["intake_advice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The files of a ticket, in the order they came. */
        get: operations["attachments_list"];
        put?: never;
        /**
         * Adds a file to a ticket: the body is its bytes, at most 10 MiB; at most 20 a ticket. What it is is read from the bytes:
         *     JPEG, PNG, GIF, WebP, PDF, MP4, WAV and ZIP containers (office documents) are taken, text of any kind is not.
         */
        post: operations["attachments_add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/attachments/{attachment}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file's bytes, to be saved: never shown in place. Each time is in the audit trail before the first byte leaves. */
        get: operations["attachments_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/call": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * 主动联系: places a recorded call between one's own extension and the petitioner. `record_contact` with the call and
         *     recording that are answered here proves it (article 11(3)).
         */
        post: operations["tickets_call"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/callout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Calls out the duty of a unit for an urgent ticket: those on duty now are rung and texted one after the other until one
         *     of them has it.
         */
        post: operations["duty_start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The calls about a ticket: the one it came from, those to the petitioner, the revisits. Whoever sees the ticket sees
         *     that they were made; the sound is for those whose post includes it.
         */
        get: operations["tickets_calls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/commands/{command}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Wishes something of a ticket: 200 and the new state, or 409 and the article that says no. */
        post: operations["tickets_command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole chain in order. */
        get: operations["tickets_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/marks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the rules found in a ticket, and what was marked by hand. */
        get: operations["watch_of_ticket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/marks/{category}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Marks a key matter by hand; of two the latest reason stands. Marked in the audit trail. */
        put: operations["watch_mark"];
        post?: never;
        /** Takes a mark by hand away. What a rule found stays until it is no longer so. */
        delete: operations["watch_unmark"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A ticket's messages, in order. */
        get: operations["messages_of_ticket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/origin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A ticket's payload as it came. It may name people in any form, so it is for leads, and looking is on record. */
        get: operations["intake_origin"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whose matter it is, by the rule base, best first, each with its basis (article 10). */
        get: operations["intake_proposals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/query_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What to tell a citizen who wants to ask after their ticket themselves. */
        get: operations["tickets_query_code"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/reply_checks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Checks the reply that waits for review (or passed it) and says what it saw. */
        get: operations["tickets_reply_checks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/similar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Demands of the last fortnight that may be about the same matter, the likeliest first, each with its reasons. A ticket
         *     is found some ten seconds after it was registered.
         */
        get: operations["clusters_similar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * 接听、登记、解答、转交办、回访 (article 6): who, from when to when; and how the time is shared between desk, unit and
         *     reviewer.
         */
        get: operations["tickets_five_steps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/unmask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shows who asks, whole. For those who work on the ticket; every time is written down with its purpose. */
        post: operations["intake_unmask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/written_opinions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A ticket's written opinions 书面办理意见, in order. */
        get: operations["tickets_written_opinions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every token ever made. */
        get: operations["tokens_list"];
        put?: never;
        /** Makes a token. */
        post: operations["tokens_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a token, at once. */
        delete: operations["tokens_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/unit_notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's unit's notices, newest first. */
        get: operations["units_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/unit_notices/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says that somebody of the unit has read it. */
        post: operations["units_read"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The units there are, or were at `as_of`. */
        get: operations["organisation_units"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One unit. */
        get: operations["organisation_unit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{code}/duty": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A unit's roster. */
        get: operations["duty_roster"];
        /** Publishes a unit's roster, in place of the one before. A head of the unit itself, or the platform's supervisor. */
        put: operations["duty_publish"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/gateway/sms/{gateway}/{token}/receipt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delivery receipts: `{message_id, to, status, at}`, or an array of them. Signed when the gateway has a secret. */
        post: operations["gateways_receipt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/gateway/sms/{gateway}/{token}/reply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Citizens' replies: `{id, from, text, at}`, or an array of them. Signed when the gateway has a secret. */
        post: operations["gateways_reply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is alive. */
        get: operations["health_healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in Prometheus' text format. */
        get: operations["health_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The database and the media engine answer, there is room on the disks, and calls are accepted. 503 while draining. */
        get: operations["health_readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * SIP over WebSocket (RFC 7118), subprotocol `sip`.
         * @description With the session's cookie and an Origin of ours the connection is that person's phone: their own extension registers and
         *     calls without a password. Without, digest; only over TLS or from this machine. Closed with 4001 when another page took the
         *     phone, with 4003 when the login is over, with 1009 after a message of more than 64 KiB.
         */
        get: operations["phone_sip"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What a demand led to. */
        AcceptedView: {
            /** @description `false`: this id had its ticket already. */
            new: boolean;
            /** @description For people. */
            number: string;
            /** Format: uuid */
            ticket: string;
        };
        /** @description Why a command would be refused. */
        ActionRefusal: {
            article: string;
            code: string;
            detail: string;
        };
        /** @description A command of one's post on this ticket. */
        ActionView: {
            /** @description What to POST to `/tickets/{id}/commands/{command}`. */
            command: string;
            refusal?: components["schemas"]["ActionRefusal"] | null;
        };
        /** @description What the desk may want to know of a demand that is being written. */
        AdviceView: {
            /** @description As of `GET /tickets/{id}/proposals`. */
            proposals: components["schemas"]["ProposalView"][];
            /** @description As of `GET /tickets/{id}/similar`. */
            similar: components["schemas"]["SuggestionView"][];
        };
        /** @description An agent, as they stand now. */
        AgentView: Record<string, unknown> & {
            /** Format: uuid */
            call?: string | null;
            display_name: string;
            /** Format: date-time */
            since: string;
            username: string;
            /**
             * Format: date-time
             * @description When wrap-up runs out.
             */
            wrap_up_until?: string | null;
        };
        /** @description What was changed. */
        AppliedView: {
            changes: components["schemas"]["ChangeView"][];
        };
        /** @description An article, or one paragraph of it. */
        ArticleView: {
            /** @example 11(3) */
            article: string;
            /** @description Every rule set's interpretation of it. */
            interpretations: components["schemas"]["InterpretationView"][];
            /** @example 第十一条第（三）项 */
            name: string;
            text: string;
        };
        /** @description A file of a ticket. */
        AttachmentView: {
            /** Format: date-time */
            at: string;
            by: string;
            /** @description Their name, if they have a login. */
            by_name?: string | null;
            /** Format: int64 */
            bytes: number;
            /**
             * Format: date-time
             * @description When its bytes were deleted because their retention class was over; what it was stays on record.
             */
            disposed_at?: string | null;
            /** Format: uuid */
            id: string;
            /**
             * @description What it is by its bytes.
             * @example image/jpeg
             */
            media_type: string;
            /** @description For people; with an ending that says what the bytes are. */
            name: string;
            /** @description `demand` 诉求材料 or `proof` 办理佐证. */
            purpose: string;
            sha256: string;
            unit: string;
        };
        /** @description One thing somebody did, in its place in the hash chain. */
        AuditView: {
            action: string;
            /** Format: date-time */
            at: string;
            by: string;
            detail: Record<string, unknown>;
            /** @description Over the entry and the hash before it. */
            hash: string;
            object: string;
            /** Format: int64 */
            seq: number;
        };
        /** @description The floor as one reader sees it. */
        Board: {
            /** @description Those who are not offline, and oneself. */
            agents: components["schemas"]["AgentView"][];
            calls: components["schemas"]["LiveCallView"][];
            /** @description Agents that are not offline. */
            present: number;
            /** @description Agents that could take a call now. */
            ready: number;
            /** @description Calls with somebody to talk to. */
            talking: number;
            /** @description Citizens waiting in a queue. */
            waiting: number;
        };
        /** @description One change of a calendar. */
        CalendarChangeView: {
            /** Format: date-time */
            at: string;
            /** @description Who published it; `@apply` for the organisation file. */
            by: string;
            /** @description The notice, where it was one: `{year, title, off, work}`. */
            notice?: Record<string, unknown> | null;
            /**
             * Format: int64
             * @description From 1.
             */
            revision: number;
            title: string;
        };
        /** @description One line of a call-out's log. */
        CallOutEventView: {
            actor: string;
            /** @description Who that is, where it is a person who is still known. */
            actor_name?: string | null;
            /** Format: date-time */
            at: string;
            event: Record<string, unknown>;
            name: string;
            /** Format: int64 */
            seq: number;
        };
        /** @description A call-out as it stands. */
        CallOutView: {
            /** Format: uuid */
            id: string;
            /** @description Who is called, in order. */
            ladder: components["schemas"]["RungView"][];
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            reason: string;
            /** @description `{stage: "calling", round, rung, until}`, `escalated`, `acknowledged` or `cancelled`. */
            stage: Record<string, unknown>;
            /** Format: date-time */
            started_at: string;
            started_by: string;
            /** Format: uuid */
            ticket: string;
            unit: string;
        };
        /** @description One call's record 话单. */
        CallView: {
            agent?: string | null;
            /** Format: date-time */
            answered_at?: string | null;
            called: string;
            /** @description Masked for roles that need not call back. */
            caller: string;
            /** Format: uuid */
            contact_id?: string | null;
            /** @description `inbound`, `outbound` or `internal`. */
            direction: string;
            /** Format: date-time */
            ended_at?: string | null;
            /** Format: uuid */
            id: string;
            legs: components["schemas"]["LegView"][];
            queue?: string | null;
            /** Format: uuid */
            recording_id?: string | null;
            sip_call_id: string;
            /** Format: date-time */
            started_at: string;
            termination?: components["schemas"]["TerminationView"] | null;
            /** @description A specialist was joined 三方通话. */
            three_way: boolean;
            /** Format: uuid */
            ticket_id?: string | null;
            /** Format: int64 */
            wait_ms?: number | null;
        };
        /** @description What came of a carried command. */
        CarriedView: {
            cluster: components["schemas"]["ClusterView"];
            /** @description Members that granted it. */
            granted: string[];
            /** @description Members that did not, and why. */
            refused: components["schemas"]["RefusedView"][];
        };
        /** @description A case as it stands. */
        CaseView: {
            /** @description Everything else: cause, steps with receipts and answers, meetings, proposals, measures, closing. */
            case: Record<string, unknown>;
            /**
             * Format: date-time
             * @description By when the present step wants its answer.
             */
            due: string;
            /** Format: uuid */
            id: string;
            /** @description `track`, `urge`, `recheck`, `supervise`, `coordinate` or `account`. */
            level: string;
            level_name: string;
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            /** @description Numbers in the register of notices, for `/notices/{serial}`. */
            notices: components["schemas"]["NoticeLine"][];
            open: boolean;
            /** Format: date-time */
            opened_at: string;
            overdue: boolean;
            /** @description 督办人; null while nobody took what a rule opened. */
            owner?: string | null;
            /** Format: uuid */
            ticket_id: string;
            ticket_number: string;
            /** @description 被督办单位. */
            unit: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: int64 */
            version: number;
        };
        /** @description A category. */
        CategoryView: {
            code: string;
            field: string;
            initials: string;
            name: string;
            parent?: string | null;
            /** @description The code of GB/T 39666 it is mapped to. */
            standard?: string | null;
        };
        /** @description One fact in the chain of a case, a same-event cluster, an accountability entry or a legal hold. */
        ChainedEventView: {
            /** @description A username, `token:…`, or `@server`. */
            actor: string;
            /** Format: date-time */
            at: string;
            event: Record<string, unknown>;
            hash: string;
            name: string;
            prev_hash: string;
            /**
             * Format: int64
             * @description From 1, without gaps.
             */
            seq: number;
        };
        /** @description One entry that is new or differs. */
        ChangeView: {
            added: boolean;
            /** @description Taken up when the server starts next: deadlines are not recomputed under people's hands. */
            at_next_start: boolean;
            fields: components["schemas"]["FieldView"][];
            /** @description `unit`, `user`, `extension`, … as the file's tables are called. */
            kind: string;
            name: string;
        };
        /** @description One hand-over. */
        CitizenStep: {
            /** Format: date-time */
            at: string;
            /** @description In Chinese. */
            what: string;
        };
        /** @description A cluster as it stands. */
        ClusterView: {
            /** @description Commands carried to every member, with what came of them; and how it was dissolved. */
            cluster: Record<string, unknown>;
            /** Format: uuid */
            id: string;
            /** @description `duplicate` or `same_event`. */
            kind: string;
            /** Format: uuid */
            lead_ticket_id: string;
            member_ticket_ids: string[];
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            open: boolean;
            /** Format: date-time */
            opened_at: string;
            title: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: int64 */
            version: number;
        };
        /** @description A member of the joint conference 联席会议: the head of a unit. */
        ConferenceSeatView: {
            /** Format: date-time */
            from: string;
            head: string;
            title: string;
            unit: string;
        };
        /** @description One citizen contact, first ring to end of wrap-up. */
        ContactView: Record<string, unknown> & {
            agent?: string | null;
            /** Format: uuid */
            call_id: string;
            /** @description Masked for roles that need not call back. */
            caller?: string | null;
            flag?: components["schemas"]["FlagHint"] | null;
            /** Format: uuid */
            id: string;
            language_seat?: components["schemas"]["LanguageSeatView"] | null;
            /** Format: date-time */
            started_at: string;
            /** Format: uuid */
            ticket_id: string;
            /** Format: int64 */
            version: number;
        };
        /** @description How many tickets wait in a list. */
        CounterView: {
            /** Format: int64 */
            tickets: number;
            /** @description What to ask `GET /tickets` with. */
            view: string;
        };
        /** @description What kind of day it is. */
        Day: {
            /**
             * @description `workday`, `weekend`, `holiday`, `makeup` (a weekend day that is worked), `unpublished`.
             * @example makeup
             */
            kind: string;
        };
        /** @description 时限. The same calculation is shown to the citizen, the unit and the platform. */
        DeadlineView: {
            /**
             * @description `/api/v1/articles/{article}` has its words.
             * @example 11(3)
             */
            article: string;
            /**
             * Format: int32
             * @description The year whose notice is awaited, when `due` is `null`.
             */
            awaits?: number | null;
            /**
             * Format: date-time
             * @description The last instant in time; `null` while the calendar for it is not published.
             */
            due?: string | null;
            /** @description Four fifths of the limit's working time are gone, and it has not run out. */
            due_soon: boolean;
            /** Format: date-time */
            from: string;
            /**
             * @description `acknowledge_by`, `handle_by` (the promise to the citizen), `reply_by` (a unit's own limit), `send_back_by` (the
             *     window for asking to send it back), `decide_send_back_by`, `decide_extension_by`, `decide_kind_by`, `review_by`,
             *     `written_opinion_by`, `revisit_by`, `rectify_by` or `decide_report_by` (a report to a superior).
             */
            kind: string;
            /**
             * Format: int64
             * @description Until it is due; negative: by how much it is late.
             */
            left_ms?: number | null;
            /** @description What was counted: `{working_days}`, `{working_hours}` or `{natural_hours}`. */
            limit?: Record<string, unknown> | null;
            /** @description What is recorded: `half`, `most` (80 %) or `lapsed`. */
            marked?: string | null;
            /** @description In Chinese. */
            name: string;
            overdue: boolean;
            /** @description Whom it runs against. */
            unit: string;
            /**
             * Format: int64
             * @description The same in working time of the unit.
             */
            working_left_ms?: number | null;
        };
        /** @description 副班. */
        DeputyLine: {
            person: string;
            phone: string;
        };
        /**
         * @description One number in which two rule sets differ; or guidance, a field of the form, or a category: `guidance.…`, `form.…`,
         *     `category.…`.
         */
        DifferenceView: {
            /** @example 11(3) */
            article: string;
            /** @example inquiry_days */
            field: string;
            /** @description For people, in Chinese. */
            name: string;
            /** @description In the rule set that was asked for. */
            ours: Record<string, unknown>;
            /** @description In the one it is held against. */
            theirs: Record<string, unknown>;
        };
        /** @description A refusal that was drawn. */
        DrawnView: {
            /** Format: uuid */
            id: string;
            number: string;
            /** Format: date-time */
            opened_at: string;
        };
        /** @description When the limit runs out, and the working days that were counted. */
        Due: {
            /**
             * @example [
             *       "2025-01-26",
             *       "2025-01-27",
             *       "2025-02-05"
             *     ]
             */
            counted: string[];
            /** Format: date-time */
            due: string;
        };
        /** @description A closed stretch in which a unit has nobody on duty. */
        DutyGapView: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            noticed_at: string;
            unit: string;
            /** Format: date-time */
            until: string;
        };
        /** @description One line of a roster 值班表; earlier lines are called first. */
        DutyLine: {
            deputy?: components["schemas"]["DeputyLine"] | null;
            /** Format: date-time */
            from?: string | null;
            person: string;
            /** @description Masked for roles that need not call. */
            phone: string;
            /** Format: date-time */
            until?: string | null;
            /** @description e.g. `Mon-Fri 18:00-09:00; Sat,Sun 00:00-24:00`. */
            when: string;
        };
        /** @description One entry. Person, unit and leaders are recorded apart. */
        EntryView: {
            /** @description Null until somebody else decided. */
            approved?: boolean | null;
            /** @description e.g. `28(7)`. */
            article: string;
            /** Format: date-time */
            at: string;
            by: string;
            /** @description Of mishandling: `intent` or `negligence`. */
            culpability?: string | null;
            decided_by?: string | null;
            decision_reason?: string | null;
            evidence: string;
            facts: string;
            ground: string;
            /** Format: uuid */
            id: string;
            /** @description 领导干部. */
            leaders: string[];
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            /** @description 直接责任人. */
            person?: string | null;
            /** Format: uuid */
            ticket_id?: string | null;
            /** @description 责任单位. */
            unit: string;
            /** Format: int64 */
            version: number;
        };
        /** @description One fact in a ticket's chain. */
        EventView: {
            /** @description A username, `token:…`, or `@server`. */
            actor: string;
            /** @description Their name, if they have a login. */
            actor_name?: string | null;
            /** Format: date-time */
            at: string;
            event: Record<string, unknown>;
            hash: string;
            name: string;
            prev_hash: string;
            /**
             * Format: int64
             * @description From 1, without gaps.
             */
            seq: number;
        };
        /** @description Why a text was not taken. */
        FaultView: {
            /** @description From 1. */
            line: number;
            reason: string;
        };
        /** @description One key before and after. Secrets are not shown. */
        FieldView: {
            after: Record<string, unknown>;
            before: Record<string, unknown>;
            field: string;
        };
        /** @description The demands of one kind of applicant, one city and one channel, by when they were opened. */
        FiguresView: {
            /**
             * Format: int64
             * @description 直接解答: answered at first contact. Over `demands` it is the online answer rate.
             */
            answered: number;
            /** @description `person` 群众 or `enterprise` 企业; null: refused before anybody wrote down who asks. */
            applicant?: string | null;
            /** @description Of the unit it was dispatched to, else of the place that was told. */
            city?: string | null;
            city_name?: string | null;
            /**
             * Format: int64
             * @description Registered.
             */
            demands: number;
            /**
             * Format: int64
             * @description 派发, `passed_for_acceptance` among them.
             */
            dispatched: number;
            lane?: string | null;
            lane_name?: string | null;
            /**
             * Format: int64
             * @description 由省委部门受理, counted apart from 交办.
             */
            passed_for_acceptance: number;
            /** @description 不予受理 by the grounds of article 9, (1) to (6). */
            refused: number[];
            /** @description What the channel is counted under. */
            statistics?: string | null;
            /**
             * Format: int64
             * @description 三方通话.
             */
            three_way: number;
        };
        /** @description Something a rule found. */
        FindingView: {
            article: string;
            /** Format: date-time */
            at: string;
            /** @description Of a key matter: `livelihood`, `poor_quality`, `assigned`, `many_units` or `unresolved`. */
            category?: string | null;
            /** @description `key`, `suspicion`, `overdue`, `trigger` or `fact`. */
            kind: string;
            /**
             * Format: uuid
             * @description The other ticket it takes to see it.
             */
            other_ticket_id?: string | null;
            /** @description In words, in Chinese. */
            reason: string;
            /** @description Which rule found it. */
            rule: string;
            /**
             * Format: int64
             * @description The event of the ticket that shows it.
             */
            seq: number;
            /** Format: uuid */
            ticket_id: string;
            ticket_number: string;
            /** @description Whom it is about. */
            unit: string;
        };
        /** @description Why a caller waited behind others. */
        FlagHint: {
            proposed_by: string;
            reason: string;
            /** Format: date-time */
            until?: string | null;
        };
        /** @description One flag on one number. */
        FlagView: Record<string, unknown> & {
            /** @description The contacts that speak for it. */
            evidence: string[];
            /** Format: uuid */
            id: string;
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            /** @description Masked for roles that need not call back. */
            phone: string;
            /** Format: date-time */
            proposed_at: string;
            proposed_by: string;
            reason: string;
            /** @description A supervisor should look at it again. */
            review_due: boolean;
            /** Format: int64 */
            version: number;
        };
        /** @description One field of a demand's form. */
        FormFieldView: {
            /** @description One of these; none: any line of text. */
            choices: string[];
            key: string;
            /** @description For people. */
            name: string;
            required: boolean;
        };
        /** @description What was granted: `done`, `leg_added` with `leg`, or `placed` with `call` and `recording`. */
        GrantedView: {
            /** @enum {string} */
            granted: "done";
        } | {
            /** @enum {string} */
            granted: "leg_added";
            /** Format: uuid */
            leg: string;
        } | {
            /** Format: uuid */
            call: string;
            /** @enum {string} */
            granted: "placed";
            /** Format: uuid */
            recording: string;
        };
        /** @description What a page needs for one call. */
        GuestPass: {
            /** @description What to call oneself; the server calls every guest anonymous. */
            sip_uri: string;
            /** @description What to dial. */
            target: string;
            /** @description Where SIP over WebSocket is served for this pass, on this host. */
            websocket: string;
        };
        /** @description What a petitioner is told whose matter is another procedure's. */
        GuidanceView: {
            law: string;
            /** @description `petition`, `arbitration`, `reconsideration` or `litigation`. */
            procedure: string;
            text: string;
        };
        /** @description What `/healthz` and `/readyz` say. */
        Health: {
            status: string;
        };
        /** @description One hold. */
        HoldView: {
            /** Format: date-time */
            at: string;
            by: string;
            /** @description `ticket` (every recording of its calls), `call` or `recording`. */
            held: string;
            /** Format: uuid */
            held_id: string;
            /** Format: uuid */
            id: string;
            lift_reason?: string | null;
            /** Format: date-time */
            lifted_at?: string | null;
            lifted_by?: string | null;
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            reason: string;
            /** Format: int64 */
            version: number;
        };
        /** @description A document and its number. */
        IdentityBody: {
            /** @description `resident_id`, `credit_code`, `passport`, `travel_permit` or `foreign_permanent_resident`. */
            id_kind: string;
            id_number: string;
        };
        /** @description How an article is to be read. */
        InterpretationView: {
            /** @example 11(3) */
            article: string;
            by: string;
            /** @example 2021-01-01 */
            from: string;
            text: string;
        };
        IntervalView: components["schemas"]["SumsView"] & {
            /** Format: date-time */
            at: string;
        };
        /** @description An item as it stands. */
        ItemView: {
            /** Format: uuid */
            id: string;
            /** @description Agenda, tickets, clusters, decision {unit, due}, closing and check, each as it was recorded. */
            item: Record<string, unknown>;
            /** @description Numbers of the tickets and titles of the clusters it links, by id. */
            links: {
                [key: string]: string;
            };
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            /** @description Decided, not closed, and its day is past. */
            overdue: boolean;
            /** @description `entered`, `decided`, `closed` or `checked`. */
            stage: string;
        };
        /** @description A key matter marked by hand. */
        KeyMarkView: {
            /** Format: date-time */
            at: string;
            by: string;
            /** @description Their name, if they have a login. */
            by_name?: string | null;
            category: string;
            category_name: string;
            /** @description Where the media reported it. */
            link?: string | null;
            reason: string;
            /** Format: uuid */
            ticket_id: string;
            ticket_number: string;
        };
        /** @description One figure with its definition. */
        KpiView: {
            basis: string;
            code: string;
            definition: string;
            definition_en: string;
            /** @description `calls`, `ms` or `ratio`. */
            measure: string;
            name: string;
            name_en: string;
            /**
             * Format: double
             * @description What it should be at least.
             */
            target?: number | null;
            /**
             * Format: double
             * @description Null when there is nothing to divide by.
             */
            value?: number | null;
        };
        /** @description A period in figures. */
        KpisView: {
            /**
             * Format: date-time
             * @description When it was computed.
             */
            as_of: string;
            /** Format: int64 */
            interval_ms: number;
            kpis: components["schemas"]["KpiView"][];
            queues: components["schemas"]["QueueSumsView"][];
            /** Format: date-time */
            since: string;
            /** @description Every interval of the period, also those in which nothing came. */
            trend: components["schemas"]["IntervalView"][];
            /** Format: date-time */
            until: string;
        };
        /** @description What a unit does not have yet. */
        LackView: {
            /** @description Of `process`, `sign`, `handle`, `review`, `duty`, `roster` (nobody on duty at this hour). */
            lacks: string[];
            /** @description The same for a person, in Chinese. */
            lacks_names: string[];
            name: string;
            /** @description Since when each is known to be lacking; what came up since the last look is not in it yet. */
            since: {
                [key: string]: string;
            };
            unit: string;
        };
        /** @description A special channel 专项服务通道. */
        LaneView: {
            code: string;
            /** @description Its tickets are key matters (article 25) from the start. */
            key_supervision: boolean;
            name: string;
            queue?: string | null;
            /** @description Its tickets are seen by leads and the assigned units only. */
            restricted: boolean;
            /** @description The version of the rule set of its own: `/api/v1/rules/{version}`. */
            rules?: string | null;
            statistics: string;
            unit?: string | null;
        };
        /** @description Which language seat; null forgets it. */
        Language: {
            queue?: string | null;
        };
        /** @description 语种座席. */
        LanguageSeatView: {
            /** Format: date-time */
            at: string;
            by: string;
            queue: string;
        };
        /** @description One party's side of a call. */
        LegView: {
            /** Format: date-time */
            answered_at?: string | null;
            /** Format: date-time */
            ended_at?: string | null;
            /** Format: uuid */
            id: string;
            /** Format: int64 */
            jitter_us: number;
            /** Format: int64 */
            packets_lost: number;
            /** Format: int64 */
            packets_received: number;
            /** Format: int64 */
            packets_sent: number;
            party: string;
            role: string;
            sip_call_id: string;
            /** Format: date-time */
            started_at: string;
            /**
             * Format: int32
             * @description Final SIP status of an attempt that was not answered.
             */
            status?: number | null;
        };
        /** @description A limit: either working days or working hours. */
        Limit: {
            /** @description How working days are counted: `end_of_nth_day` (default) or `eight_hour_days`. */
            convention?: string | null;
            /** Format: date-time */
            from: string;
            /** Format: int32 */
            working_days?: number | null;
            /** Format: int32 */
            working_hours?: number | null;
        };
        /** @description Somebody heard it, or took it away. */
        ListenView: {
            /** @description `listen` or `download`. */
            action: string;
            /** Format: date-time */
            at: string;
            by: string;
            by_name?: string | null;
        };
        /** @description One call that is up. */
        LiveCallView: {
            agent?: string | null;
            called: string;
            /** @description Masked. */
            caller: string;
            /** Format: uuid */
            contact?: string | null;
            /** Format: uuid */
            id: string;
            legs: string[];
            parties: components["schemas"]["PartyView"][];
            /**
             * Format: int32
             * @description 1 for the head of the queue.
             */
            position?: number | null;
            queue?: string | null;
            recording: boolean;
            /** @description `queued`, `offered`, `talking`, `held`, `consulting` or `conference`. */
            state: string;
            /** Format: uuid */
            ticket?: string | null;
        };
        /** @description Name and password. */
        Login: {
            password: string;
            username: string;
        };
        /** @description A token and, this once, its secret. */
        MadeToken: {
            /** @description For `Authorization: Bearer`. It is not kept and cannot be shown again. */
            secret: string;
            token: components["schemas"]["TokenView"];
        };
        /** @description A note at a place in a recording. */
        MarkView: {
            /** Format: date-time */
            at: string;
            by: string;
            /** Format: uuid */
            id: string;
            /** Format: int64 */
            offset_ms: number;
            text: string;
        };
        /** @description A mark by hand. */
        Marking: {
            /** @description For what the media reported: an http or https address. */
            link?: string | null;
            reason: string;
        };
        /** @description Everything marked on one ticket. */
        MarksView: {
            by_hand: components["schemas"]["KeyMarkView"][];
            findings: components["schemas"]["FindingView"][];
        };
        /** @description Oneself, with the CSRF token again for a page that was reloaded. */
        Me: {
            csrf?: string | null;
            phone?: components["schemas"]["PhoneView"] | null;
            /** @description Where one stands as an agent; null for those who take no calls. */
            state?: Record<string, unknown> | null;
            user: components["schemas"]["UserView"];
        };
        /** @description One outgoing message. */
        MessageView: {
            gateway?: string | null;
            /**
             * Format: uuid
             * @description Also its idempotency key at the gateway.
             */
            id: string;
            message_id?: string | null;
            /** @description `survey`, `extension_told`, `written_opinion`, `reminder`, `callout` or `receipt`. */
            purpose: string;
            /** Format: date-time */
            queued_at: string;
            reason?: string | null;
            /** @description `queued`, `submitting`, `accepted`, `delivered`, `failed` or `unknown` (it may have left; never sent again). */
            state: string;
            text: string;
            /** @description Masked for roles that need not call back. */
            to: string;
            /** Format: date-time */
            updated_at: string;
        };
        /** @description Why more time is needed. */
        MoreTime: {
            reason: string;
        };
        /** @description One deadline that a change moved. */
        MoveView: {
            /**
             * @description As in a ticket's `deadlines`.
             * @example handle_by
             */
            deadline: string;
            /** Format: date-time */
            new?: string | null;
            number: string;
            /**
             * Format: date-time
             * @description `null`: it waited for a calendar.
             */
            old?: string | null;
            /** Format: uuid */
            ticket_id: string;
            unit: string;
        };
        /** @description The call one's phone is in, ringing included, and where one stands. */
        MyLine: {
            agent?: components["schemas"]["AgentView"] | null;
            call?: components["schemas"]["LiveCallView"] | null;
        };
        /** @description What a desk person tells to start a call-out. */
        NewCallOut: {
            /** @description 紧急事由. */
            reason: string;
            /** @description Whose duty; left out: the unit that answers for the ticket. */
            unit?: string | null;
        };
        /** @description A demand from elsewhere. */
        NewDemand: {
            address?: string | null;
            category?: string | null;
            /** @description `phone`, `web`, `app`, `sms`, `email`, `letter`, `walk_in`, `police110` or `platform`. */
            channel: string;
            content: string;
            /** @description 文号, for 8(6). */
            document?: string | null;
            /** @description Of `GET /form`, by key. */
            fields?: {
                [key: string]: string;
            };
            /** @description 交办单位, for 8(6). */
            issuer?: string | null;
            kind: string;
            /** @description Its id there. The same id again is answered with the ticket it has. */
            origin_id: string;
            petitioner: components["schemas"]["NewPetitioner"];
            /** @description What came, as it came; kept beside the ticket. */
            raw?: Record<string, unknown> | null;
            /**
             * Format: date-time
             * @description When it was received there; now when left out.
             */
            received_at?: string | null;
            /** @description For 省级政务服务 (8(1)): `inquiry`, `joint_handling` or `efficacy_complaint`. */
            service?: string | null;
            /** @description The system it comes from, as the organisation names it; the system says which group of article 8 it is of. */
            system: string;
            title: string;
        };
        /** @description What to note, and where. */
        NewMark: {
            /** Format: int64 */
            offset_ms: number;
            text: string;
        };
        /** @description Who asks. */
        NewPetitioner: {
            /** @description `person` or `enterprise`. */
            applicant: string;
            /** @description 企业名称, where the petitioner is an enterprise or speaks for one. */
            firm?: string | null;
            identity?: components["schemas"]["IdentityBody"] | null;
            legal_person?: components["schemas"]["IdentityBody"] | null;
            name: string;
            phone?: string | null;
            secrecy?: boolean;
        };
        /** @description A token to be made: it acts as `role` of `unit`, and only within `scopes`. */
        NewToken: {
            /** Format: date-time */
            expires_at?: string | null;
            name: string;
            /** @example analyst */
            role: string;
            scopes: components["schemas"]["Scope"][];
            unit: string;
        };
        /** @description What a partner says of a ticket that was passed on to it. */
        NewWord: {
            /** @description The word's id there. The same id again changes nothing. */
            id: string;
            /** @description `received`, `progress`, `result` or `returned`. */
            kind: string;
            /** @description The partner, as the organisation names it. */
            system: string;
            text: string;
            /** @description The ticket's number, as it was told in `passed_on`. */
            ticket: string;
        };
        /** @description 不予受理, as the citizen was told. */
        NotAcceptedForCitizen: {
            explanation: string;
            /** @description The ground's words, in Chinese. */
            ground: string;
            /** @description Of the procedure it is in, or must go, for 9(2). */
            guidance?: string | null;
            /** @description The hotline whose matter it is, for 9(1). */
            hotline?: string | null;
            /** @description The law that says so. */
            law?: string | null;
            /**
             * Format: int32
             * @description The ground's place in article 9, 1 to 6.
             */
            number: number;
        };
        /** @description A notice 部分节假日安排的通知 to publish. */
        NoticeBody: {
            /**
             * @description 放假. Weekends need not be named.
             * @example [
             *       "2027-01-01"
             *     ]
             */
            off: string[];
            /** @description Its name or number: the cause that every moved deadline tells. */
            title: string;
            /** @description 调休上班: weekend days that are worked. */
            work?: string[];
            /**
             * Format: int32
             * @example 2027
             */
            year: number;
        };
        /** @description One paper of a case. */
        NoticeLine: {
            number: string;
            /** Format: int64 */
            serial: number;
            title: string;
        };
        /** @description What opens a case. */
        Opening: {
            /** @description `track`, `urge`, `recheck`, `supervise` or `coordinate`. */
            level: string;
            reason: string;
            /** Format: uuid */
            ticket: string;
            /** @description Instead of the unit that answers for the ticket now. */
            unit?: string | null;
        };
        /** @description A written opinion as its unit issued it. */
        OpinionForCitizen: {
            /** Format: date-time */
            issued_at: string;
            number: string;
            /** @description SHA-256 of the text in UTF-8, to hold a copy against. */
            sha256: string;
            text: string;
            /** @description The unit's name on the day it was issued. */
            unit: string;
        };
        /** @description An organisation file's text, or a part of one: what it does not mention stays as it is. */
        OrganisationText: {
            toml: string;
        };
        /** @description Everything that can be set up, without its secrets. */
        OrganisationView: {
            /** @description `{name, source, hours}`. */
            calendars: Record<string, unknown>[];
            /** @description `{number, user?, auto_ready, toll, skills}`. */
            extensions: Record<string, unknown>[];
            /** @description `{number, queue | announce | extension | flow, record}`. */
            numbers: Record<string, unknown>[];
            /** @description `{name, strategy, ring_timeout_s, wrap_up_s, needs, priority}`. */
            queues: Record<string, unknown>[];
            /** @description `{name, kind, url, signed}`. */
            sms_gateways: Record<string, unknown>[];
            /** @description `{unit, name, reach, duty, topics}`. */
            specialists: Record<string, unknown>[];
            /** @description `{name, allow, outbound, has_digest}`. */
            trunks: Record<string, unknown>[];
            /** @description `{code, name, kind, parent?}`. */
            units: Record<string, unknown>[];
            /** @description `{username, display_name, role, unit}`. */
            users: Record<string, unknown>[];
        };
        /** @description A system that demands come from. */
        OriginEntryView: {
            /** @description Of article 8, e.g. `8(2)`. */
            article: string;
            /** @description Results and revisits go back to it. */
            feedback: boolean;
            group: string;
            /** @description Its tickets are key matters (article 25) from the start. */
            key_supervision: boolean;
            name: string;
            /** @description Tickets may be passed on to it. */
            partner: boolean;
            /** @description Its tickets are seen by leads and the assigned units only. */
            restricted: boolean;
            system: string;
        };
        /** @description What came, as it came. */
        OriginView: {
            origin_id: string;
            raw: string;
            raw_sha256: string;
            /** Format: date-time */
            received_at: string;
            system: string;
        };
        /** @description A hotline that is not ours. */
        OutsideHotlineView: {
            code: string;
            name: string;
            number: string;
            /** @description The system that tickets may be passed on to. */
            partner?: string | null;
            purpose: string;
            region: string;
        };
        /** @description Somebody who may own a case 督办人. */
        OwnerView: {
            display_name: string;
            /** @description `team_lead` or `supervisor`. */
            role: string;
            unit: string;
            username: string;
        };
        /** @description One page of a list. */
        Page_ActionView: {
            items: {
                /** @description What to POST to `/tickets/{id}/commands/{command}`. */
                command: string;
                refusal?: components["schemas"]["ActionRefusal"] | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_AgentView: {
            items: (Record<string, unknown> & {
                /** Format: uuid */
                call?: string | null;
                display_name: string;
                /** Format: date-time */
                since: string;
                username: string;
                /**
                 * Format: date-time
                 * @description When wrap-up runs out.
                 */
                wrap_up_until?: string | null;
            })[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ArticleView: {
            items: {
                /** @example 11(3) */
                article: string;
                /** @description Every rule set's interpretation of it. */
                interpretations: components["schemas"]["InterpretationView"][];
                /** @example 第十一条第（三）项 */
                name: string;
                text: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_AttachmentView: {
            items: {
                /** Format: date-time */
                at: string;
                by: string;
                /** @description Their name, if they have a login. */
                by_name?: string | null;
                /** Format: int64 */
                bytes: number;
                /**
                 * Format: date-time
                 * @description When its bytes were deleted because their retention class was over; what it was stays on record.
                 */
                disposed_at?: string | null;
                /** Format: uuid */
                id: string;
                /**
                 * @description What it is by its bytes.
                 * @example image/jpeg
                 */
                media_type: string;
                /** @description For people; with an ending that says what the bytes are. */
                name: string;
                /** @description `demand` 诉求材料 or `proof` 办理佐证. */
                purpose: string;
                sha256: string;
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_AuditView: {
            items: {
                action: string;
                /** Format: date-time */
                at: string;
                by: string;
                detail: Record<string, unknown>;
                /** @description Over the entry and the hash before it. */
                hash: string;
                object: string;
                /** Format: int64 */
                seq: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CalendarChangeView: {
            items: {
                /** Format: date-time */
                at: string;
                /** @description Who published it; `@apply` for the organisation file. */
                by: string;
                /** @description The notice, where it was one: `{year, title, off, work}`. */
                notice?: Record<string, unknown> | null;
                /**
                 * Format: int64
                 * @description From 1.
                 */
                revision: number;
                title: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CallOutEventView: {
            items: {
                actor: string;
                /** @description Who that is, where it is a person who is still known. */
                actor_name?: string | null;
                /** Format: date-time */
                at: string;
                event: Record<string, unknown>;
                name: string;
                /** Format: int64 */
                seq: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CallOutView: {
            items: {
                /** Format: uuid */
                id: string;
                /** @description Who is called, in order. */
                ladder: components["schemas"]["RungView"][];
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                reason: string;
                /** @description `{stage: "calling", round, rung, until}`, `escalated`, `acknowledged` or `cancelled`. */
                stage: Record<string, unknown>;
                /** Format: date-time */
                started_at: string;
                started_by: string;
                /** Format: uuid */
                ticket: string;
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CallView: {
            items: {
                agent?: string | null;
                /** Format: date-time */
                answered_at?: string | null;
                called: string;
                /** @description Masked for roles that need not call back. */
                caller: string;
                /** Format: uuid */
                contact_id?: string | null;
                /** @description `inbound`, `outbound` or `internal`. */
                direction: string;
                /** Format: date-time */
                ended_at?: string | null;
                /** Format: uuid */
                id: string;
                legs: components["schemas"]["LegView"][];
                queue?: string | null;
                /** Format: uuid */
                recording_id?: string | null;
                sip_call_id: string;
                /** Format: date-time */
                started_at: string;
                termination?: components["schemas"]["TerminationView"] | null;
                /** @description A specialist was joined 三方通话. */
                three_way: boolean;
                /** Format: uuid */
                ticket_id?: string | null;
                /** Format: int64 */
                wait_ms?: number | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CaseView: {
            items: {
                /** @description Everything else: cause, steps with receipts and answers, meetings, proposals, measures, closing. */
                case: Record<string, unknown>;
                /**
                 * Format: date-time
                 * @description By when the present step wants its answer.
                 */
                due: string;
                /** Format: uuid */
                id: string;
                /** @description `track`, `urge`, `recheck`, `supervise`, `coordinate` or `account`. */
                level: string;
                level_name: string;
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                /** @description Numbers in the register of notices, for `/notices/{serial}`. */
                notices: components["schemas"]["NoticeLine"][];
                open: boolean;
                /** Format: date-time */
                opened_at: string;
                overdue: boolean;
                /** @description 督办人; null while nobody took what a rule opened. */
                owner?: string | null;
                /** Format: uuid */
                ticket_id: string;
                ticket_number: string;
                /** @description 被督办单位. */
                unit: string;
                /** Format: date-time */
                updated_at: string;
                /** Format: int64 */
                version: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CategoryView: {
            items: {
                code: string;
                field: string;
                initials: string;
                name: string;
                parent?: string | null;
                /** @description The code of GB/T 39666 it is mapped to. */
                standard?: string | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ChainedEventView: {
            items: {
                /** @description A username, `token:…`, or `@server`. */
                actor: string;
                /** Format: date-time */
                at: string;
                event: Record<string, unknown>;
                hash: string;
                name: string;
                prev_hash: string;
                /**
                 * Format: int64
                 * @description From 1, without gaps.
                 */
                seq: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ClusterView: {
            items: {
                /** @description Commands carried to every member, with what came of them; and how it was dissolved. */
                cluster: Record<string, unknown>;
                /** Format: uuid */
                id: string;
                /** @description `duplicate` or `same_event`. */
                kind: string;
                /** Format: uuid */
                lead_ticket_id: string;
                member_ticket_ids: string[];
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                open: boolean;
                /** Format: date-time */
                opened_at: string;
                title: string;
                /** Format: date-time */
                updated_at: string;
                /** Format: int64 */
                version: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ConferenceSeatView: {
            items: {
                /** Format: date-time */
                from: string;
                head: string;
                title: string;
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_CounterView: {
            items: {
                /** Format: int64 */
                tickets: number;
                /** @description What to ask `GET /tickets` with. */
                view: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_DifferenceView: {
            items: {
                /** @example 11(3) */
                article: string;
                /** @example inquiry_days */
                field: string;
                /** @description For people, in Chinese. */
                name: string;
                /** @description In the rule set that was asked for. */
                ours: Record<string, unknown>;
                /** @description In the one it is held against. */
                theirs: Record<string, unknown>;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_DrawnView: {
            items: {
                /** Format: uuid */
                id: string;
                number: string;
                /** Format: date-time */
                opened_at: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_DutyGapView: {
            items: {
                /** Format: date-time */
                from: string;
                /** Format: date-time */
                noticed_at: string;
                unit: string;
                /** Format: date-time */
                until: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_EntryView: {
            items: {
                /** @description Null until somebody else decided. */
                approved?: boolean | null;
                /** @description e.g. `28(7)`. */
                article: string;
                /** Format: date-time */
                at: string;
                by: string;
                /** @description Of mishandling: `intent` or `negligence`. */
                culpability?: string | null;
                decided_by?: string | null;
                decision_reason?: string | null;
                evidence: string;
                facts: string;
                ground: string;
                /** Format: uuid */
                id: string;
                /** @description 领导干部. */
                leaders: string[];
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                /** @description 直接责任人. */
                person?: string | null;
                /** Format: uuid */
                ticket_id?: string | null;
                /** @description 责任单位. */
                unit: string;
                /** Format: int64 */
                version: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_EventView: {
            items: {
                /** @description A username, `token:…`, or `@server`. */
                actor: string;
                /** @description Their name, if they have a login. */
                actor_name?: string | null;
                /** Format: date-time */
                at: string;
                event: Record<string, unknown>;
                hash: string;
                name: string;
                prev_hash: string;
                /**
                 * Format: int64
                 * @description From 1, without gaps.
                 */
                seq: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_FindingView: {
            items: {
                article: string;
                /** Format: date-time */
                at: string;
                /** @description Of a key matter: `livelihood`, `poor_quality`, `assigned`, `many_units` or `unresolved`. */
                category?: string | null;
                /** @description `key`, `suspicion`, `overdue`, `trigger` or `fact`. */
                kind: string;
                /**
                 * Format: uuid
                 * @description The other ticket it takes to see it.
                 */
                other_ticket_id?: string | null;
                /** @description In words, in Chinese. */
                reason: string;
                /** @description Which rule found it. */
                rule: string;
                /**
                 * Format: int64
                 * @description The event of the ticket that shows it.
                 */
                seq: number;
                /** Format: uuid */
                ticket_id: string;
                ticket_number: string;
                /** @description Whom it is about. */
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_FlagView: {
            items: (Record<string, unknown> & {
                /** @description The contacts that speak for it. */
                evidence: string[];
                /** Format: uuid */
                id: string;
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                /** @description Masked for roles that need not call back. */
                phone: string;
                /** Format: date-time */
                proposed_at: string;
                proposed_by: string;
                reason: string;
                /** @description A supervisor should look at it again. */
                review_due: boolean;
                /** Format: int64 */
                version: number;
            })[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_FormFieldView: {
            items: {
                /** @description One of these; none: any line of text. */
                choices: string[];
                key: string;
                /** @description For people. */
                name: string;
                required: boolean;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_HoldView: {
            items: {
                /** Format: date-time */
                at: string;
                by: string;
                /** @description `ticket` (every recording of its calls), `call` or `recording`. */
                held: string;
                /** Format: uuid */
                held_id: string;
                /** Format: uuid */
                id: string;
                lift_reason?: string | null;
                /** Format: date-time */
                lifted_at?: string | null;
                lifted_by?: string | null;
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                reason: string;
                /** Format: int64 */
                version: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ItemView: {
            items: {
                /** Format: uuid */
                id: string;
                /** @description Agenda, tickets, clusters, decision {unit, due}, closing and check, each as it was recorded. */
                item: Record<string, unknown>;
                /** @description Numbers of the tickets and titles of the clusters it links, by id. */
                links: {
                    [key: string]: string;
                };
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                /** @description Decided, not closed, and its day is past. */
                overdue: boolean;
                /** @description `entered`, `decided`, `closed` or `checked`. */
                stage: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_KeyMarkView: {
            items: {
                /** Format: date-time */
                at: string;
                by: string;
                /** @description Their name, if they have a login. */
                by_name?: string | null;
                category: string;
                category_name: string;
                /** @description Where the media reported it. */
                link?: string | null;
                reason: string;
                /** Format: uuid */
                ticket_id: string;
                ticket_number: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_LackView: {
            items: {
                /** @description Of `process`, `sign`, `handle`, `review`, `duty`, `roster` (nobody on duty at this hour). */
                lacks: string[];
                /** @description The same for a person, in Chinese. */
                lacks_names: string[];
                name: string;
                /** @description Since when each is known to be lacking; what came up since the last look is not in it yet. */
                since: {
                    [key: string]: string;
                };
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_LaneView: {
            items: {
                code: string;
                /** @description Its tickets are key matters (article 25) from the start. */
                key_supervision: boolean;
                name: string;
                queue?: string | null;
                /** @description Its tickets are seen by leads and the assigned units only. */
                restricted: boolean;
                /** @description The version of the rule set of its own: `/api/v1/rules/{version}`. */
                rules?: string | null;
                statistics: string;
                unit?: string | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ListenView: {
            items: {
                /** @description `listen` or `download`. */
                action: string;
                /** Format: date-time */
                at: string;
                by: string;
                by_name?: string | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_MarkView: {
            items: {
                /** Format: date-time */
                at: string;
                by: string;
                /** Format: uuid */
                id: string;
                /** Format: int64 */
                offset_ms: number;
                text: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_MessageView: {
            items: {
                gateway?: string | null;
                /**
                 * Format: uuid
                 * @description Also its idempotency key at the gateway.
                 */
                id: string;
                message_id?: string | null;
                /** @description `survey`, `extension_told`, `written_opinion`, `reminder`, `callout` or `receipt`. */
                purpose: string;
                /** Format: date-time */
                queued_at: string;
                reason?: string | null;
                /** @description `queued`, `submitting`, `accepted`, `delivered`, `failed` or `unknown` (it may have left; never sent again). */
                state: string;
                text: string;
                /** @description Masked for roles that need not call back. */
                to: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_MoveView: {
            items: {
                /**
                 * @description As in a ticket's `deadlines`.
                 * @example handle_by
                 */
                deadline: string;
                /** Format: date-time */
                new?: string | null;
                number: string;
                /**
                 * Format: date-time
                 * @description `null`: it waited for a calendar.
                 */
                old?: string | null;
                /** Format: uuid */
                ticket_id: string;
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_OriginEntryView: {
            items: {
                /** @description Of article 8, e.g. `8(2)`. */
                article: string;
                /** @description Results and revisits go back to it. */
                feedback: boolean;
                group: string;
                /** @description Its tickets are key matters (article 25) from the start. */
                key_supervision: boolean;
                name: string;
                /** @description Tickets may be passed on to it. */
                partner: boolean;
                /** @description Its tickets are seen by leads and the assigned units only. */
                restricted: boolean;
                system: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_OutsideHotlineView: {
            items: {
                code: string;
                name: string;
                number: string;
                /** @description The system that tickets may be passed on to. */
                partner?: string | null;
                purpose: string;
                region: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_OwnerView: {
            items: {
                display_name: string;
                /** @description `team_lead` or `supervisor`. */
                role: string;
                unit: string;
                username: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ProposalView: {
            items: {
                basis: string;
                met: string[];
                name: string;
                /** @description `competent` 谁主管 or `supervising` 谁监管. */
                part: string;
                /** @description A Party department accepts the matter itself 由省委部门受理 (article 3); it is passed, not assigned. */
                passed_for_acceptance: boolean;
                /** @description The rule, the law it rests on, and what of the demand met it. */
                rule: string;
                /** Format: int32 */
                score: number;
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_QuarantinedView: {
            items: {
                /** Format: date-time */
                at: string;
                /** @description Of a reply `{id, from, text}`, of a receipt `{message_id, delivered, status}`, of what is no callback `{callback}`. */
                content: Record<string, unknown>;
                gateway: string;
                /** Format: uuid */
                id: string;
                /** @description `receipt` or `reply`. */
                kind: string;
                resolution?: string | null;
                /**
                 * Format: date-time
                 * @description When and by whom it was read; `null`: nobody has.
                 */
                resolved_at?: string | null;
                resolved_by?: string | null;
                /** @description `unknown_message`, `no_such_survey`, `several_surveys_open`, `not_a_rating`, `unreadable`, … */
                why: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_QueueView: {
            items: {
                /** @description Of a language seat 语种座席: what its callers speak. */
                language?: string | null;
                name: string;
                /** Format: int32 */
                ring_timeout_s: number;
                talking: number;
                waiting: number;
                /** Format: int32 */
                wrap_up_s: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_RefusalCountView: {
            items: {
                /** Format: int64 */
                count: number;
                /**
                 * Format: int32
                 * @description Its number in article 9, 1 to 6. `GET /tickets?refusal=` lists them, for a sample.
                 */
                ground: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_ReplyFindingView: {
            items: {
                /** @description `empty`, `copied_demand`, `copied_reply`, `evasive`, `no_date`, `nobody_to_ask` or `off_topic`. */
                kind: string;
                /** @description In Chinese, with the words it rests on. */
                why: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_RevisitView: {
            items: (Record<string, unknown> & {
                /** @description Calls that reached nobody. */
                attempts: Record<string, unknown>[];
                /**
                 * Format: date-time
                 * @description `null` while the calendar for it is not published.
                 */
                due?: string | null;
                /** Format: uuid */
                id: string;
                /** @description The names of everybody in it, by username. */
                names: {
                    [key: string]: string;
                };
                overdue: boolean;
                /** @description Masked for roles that need not call. */
                phone: string;
                /** Format: date-time */
                planned_at: string;
                /** @description `first` after a dissatisfied survey, `second` after rectification. */
                round: string;
                /** Format: uuid */
                ticket_id: string;
                /** Format: date-time */
                updated_at: string;
                /** Format: int64 */
                version: number;
            })[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_RuleSetView: {
            items: {
                /** @description The city it is for (article 32); `null`: the whole province. */
                city?: string | null;
                /** @description What differs from the provincial regulation. */
                differences: components["schemas"]["DifferenceView"][];
                /** @description What a demand's form asks beside what every demand has, as this set has it. */
                form: components["schemas"]["FormFieldView"][];
                /**
                 * @description Holds for tickets dispatched on this day or later.
                 * @example 2020-04-22
                 */
                from: string;
                /** @description 引导 under article 9(2), one for each procedure; the province's where this set has none of its own. */
                guidance: components["schemas"]["GuidanceView"][];
                /** @description 解释 (article 33). */
                interpretations: components["schemas"]["InterpretationView"][];
                is_in_force: boolean;
                /** @description Every number by its field. */
                limits: Record<string, unknown>;
                /** @description The groups of article 8 it is for; empty: all. A special channel names its own: `/api/v1/lanes`. */
                sources: string[];
                /** @description The systems of `/api/v1/origins` it is for, and for no others of their group; empty: not by system. */
                systems: string[];
                title: string;
                /** @description e.g. `苏政办发〔2020〕29号`; a ticket's `promise.rules` is one of these. */
                version: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_SpecialistView: {
            items: {
                duty: string;
                name: string;
                /** @description Whether the duty roster has them on duty now; null when the roster cannot be read. */
                on_duty?: boolean | null;
                /** @description What to give `consult` as its target. */
                reach: string;
                topics: string[];
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_SuggestionView: {
            items: {
                /**
                 * Format: uuid
                 * @description The matter it belongs to already.
                 */
                cluster_id?: string | null;
                /** Format: date-time */
                opened_at: string;
                /** @description In words, in Chinese. */
                reasons: string[];
                /** @description The same number asks again. */
                same_person: boolean;
                /**
                 * Format: int32
                 * @description In thousandths.
                 */
                score: number;
                /** Format: uuid */
                ticket_id: string;
                ticket_number: string;
                title: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_TicketCallView: {
            items: (components["schemas"]["CallView"] & {
                /** @description Whether one may hear its recording. */
                listenable: boolean;
            })[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_TicketView: {
            items: {
                /** @description It waits at the desk, and the rules ask that it be coded before it is disposed of (article 11(2)). */
                classify_first: boolean;
                /** @description The clocks that run. */
                deadlines: components["schemas"]["DeadlineView"][];
                /** Format: uuid */
                id: string;
                /** @description For people, e.g. `20261123-000001`. */
                number: string;
                /** Format: date-time */
                opened_at: string;
                /** @description The rule set its limits are of, or would be if it were dispatched now, and why that one. */
                rule_profile: components["schemas"]["RuleProfileView"];
                /** @description The version of the rule set it keeps since its dispatch: `/api/v1/rules/{version}`. */
                rules?: string | null;
                /** @description `draft`, `registered`, `dispatched`, `handling`, `replied`, `closed`, `archived` or `voided`. */
                stage: string;
                /** @description The stage for a person, in Chinese. */
                stage_name: string;
                /** @description Everything else: demand, petitioner, work, replies, reviews, surveys, revisits, each as it was recorded. */
                ticket: Record<string, unknown>;
                title?: string | null;
                /** @description The one unit that answers for it now. */
                unit: string;
                /** Format: date-time */
                updated_at: string;
                /**
                 * Format: int64
                 * @description Number of its last event.
                 */
                version: number;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_TokenView: {
            items: {
                /** Format: date-time */
                created_at: string;
                created_by: string;
                /** Format: date-time */
                expires_at?: string | null;
                /** Format: uuid */
                id: string;
                name: string;
                /** Format: date-time */
                revoked_at?: string | null;
                /** @example analyst */
                role: string;
                /**
                 * @example [
                 *       "tickets:read"
                 *     ]
                 */
                scopes: string[];
                unit: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_UnitNoticeView: {
            items: {
                /** Format: date-time */
                at: string;
                /** Format: uuid */
                id: string;
                /** @description `assigned`, `reminder`, `moved`, `decided` or `asked`. */
                kind: string;
                /** Format: date-time */
                read_at?: string | null;
                read_by?: string | null;
                /** @description In Chinese. */
                text: string;
                /** Format: uuid */
                ticket_id: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_UnitView: {
            items: {
                code: string;
                /**
                 * Format: date-time
                 * @description Since when it is so; null: since before it was written down.
                 */
                from?: string | null;
                /** @description `platform`, `city`, `department`, `party`, `enterprise` or `hotline`. */
                kind: string;
                /** @description The unit that has its duties since then. */
                merged_into?: string | null;
                name: string;
                parent?: string | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_UnmetView: {
            items: {
                /**
                 * @description Where it belongs in the ledger of accountability.
                 * @example 28(6)
                 */
                article: string;
                /** @description `process`, `sign`, `handle`, `review`, `duty` or `roster`. */
                lack: string;
                /** @description In Chinese. */
                name: string;
                /** Format: date-time */
                since: string;
                unit: string;
                /**
                 * Format: date-time
                 * @description `null` while it goes on.
                 */
                until?: string | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        Page_WrittenOpinionView: {
            items: {
                /** Format: date-time */
                issued_at: string;
                /** @example 20261123-000001-1 */
                number: string;
                sha256: string;
                /**
                 * Format: uuid
                 * @description The message that told the citizen: its state is among the ticket's messages.
                 */
                sms_id?: string | null;
                text: string;
                unit: string;
                unit_name: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One party of a call that is up. */
        PartyView: {
            /** Format: date-time */
            answered_at?: string | null;
            /** Format: uuid */
            leg: string;
            name?: string | null;
            /** @description Number or extension, masked. */
            party: string;
            role: string;
            /** @description `main` is with the citizen, `aside` out of their hearing; a supervisor may be in `monitor` or `whisper`. */
            room: string;
            /**
             * Format: date-time
             * @description When they were rung, or rang.
             */
            rung_at: string;
            /** @description `ringing` or `up`. */
            state: string;
            /** @description The person, when it is one of ours. */
            user?: string | null;
        };
        /** @description What a page needs to be a person's phone. */
        PhoneView: {
            extension: string;
            /**
             * @description Its address of record.
             * @example sip:agent1000@127.0.0.1
             */
            sip_uri: string;
            /**
             * @description Where SIP over WebSocket is served on this host; no password is needed.
             * @example /sip
             */
            websocket: string;
        };
        /** @description Who does what in a unit, by name. */
        PostsView: {
            duty: string[];
            handle: string[];
            review: string[];
            sign: string[];
        };
        /** @description What a text would do. */
        PreviewView: {
            /** @description Empty when nothing would change, or when there are faults. */
            changes: components["schemas"]["ChangeView"][];
            /** @description Every line that cannot be taken; with any, nothing can. */
            faults: components["schemas"]["FaultView"][];
        };
        /** @description The body of every answer that is not a success (RFC 9457). */
        Problem: {
            /** @description The article of the regulation a refusal rests on, e.g. `11(4)`. */
            article?: string | null;
            /** @description For a program; never changes its meaning. */
            code: string;
            /** @description For a person; in Chinese when a rule refused the command. */
            detail: string;
            /** Format: int32 */
            status: number;
            title: string;
            /** @description `urn:hotline:problem:<code>`. */
            type: string;
        };
        /** @description What is proposed. */
        Proposal: {
            /** @description Contacts of one number; an agent names their own. */
            evidence: string[];
            reason: string;
        };
        /** @description A unit the rules propose. */
        ProposalView: {
            basis: string;
            met: string[];
            name: string;
            /** @description `competent` 谁主管 or `supervising` 谁监管. */
            part: string;
            /** @description A Party department accepts the matter itself 由省委部门受理 (article 3); it is passed, not assigned. */
            passed_for_acceptance: boolean;
            /** @description The rule, the law it rests on, and what of the demand met it. */
            rule: string;
            /** Format: int32 */
            score: number;
            unit: string;
        };
        /** @description A receipt or a reply that could not be matched. */
        QuarantinedView: {
            /** Format: date-time */
            at: string;
            /** @description Of a reply `{id, from, text}`, of a receipt `{message_id, delivered, status}`, of what is no callback `{callback}`. */
            content: Record<string, unknown>;
            gateway: string;
            /** Format: uuid */
            id: string;
            /** @description `receipt` or `reply`. */
            kind: string;
            resolution?: string | null;
            /**
             * Format: date-time
             * @description When and by whom it was read; `null`: nobody has.
             */
            resolved_at?: string | null;
            resolved_by?: string | null;
            /** @description `unknown_message`, `no_such_survey`, `several_surveys_open`, `not_a_rating`, `unreadable`, … */
            why: string;
        };
        /** @description The code with which the citizen can ask after the ticket, to be told to them. */
        QueryCodeView: {
            /** @example 04711742 */
            code: string;
            number: string;
        };
        /** @description A number and the code that belongs to it. */
        Question: {
            /** @description Eight digits, told to the citizen. */
            code: string;
            /** @description e.g. `20261123-000001`; of a written opinion `20261123-000001-1`. */
            number: string;
        };
        QueueSumsView: components["schemas"]["SumsView"] & {
            queue: string;
        };
        /** @description A waiting line, as it is now. */
        QueueView: {
            /** @description Of a language seat 语种座席: what its callers speak. */
            language?: string | null;
            name: string;
            /** Format: int32 */
            ring_timeout_s: number;
            talking: number;
            waiting: number;
            /** Format: int32 */
            wrap_up_s: number;
        };
        /** @description What a person makes of something that could not be matched. */
        Reading: {
            /** @description `very_satisfied`, `satisfied`, `basically_satisfied`, `dissatisfied` or `very_dissatisfied`. */
            rating?: string | null;
            /** @description Why it was read so. */
            remark: string;
            /**
             * Format: uuid
             * @description Whose survey it answers, and with what: both, or neither.
             */
            ticket_id?: string | null;
        };
        /** @description A finished recording's evidence sheet. */
        RecordingView: {
            /** Format: uuid */
            call_id: string;
            /** Format: int64 */
            duration_ms: number;
            /** Format: date-time */
            ended_at: string;
            /** Format: uuid */
            id: string;
            /**
             * @description The manifest as the store wrote it: parties by track, gaps, files with their hashes. Numbers are masked for
             *     roles that need not call back, so it hashes to `manifest_sha256` only for the others.
             */
            manifest: Record<string, unknown>;
            /** @description SHA-256 of the manifest file; the next manifest carries it. */
            manifest_sha256: string;
            /** Format: date-time */
            started_at: string;
        };
        /** @description How often a ground of article 9 was said. */
        RefusalCountView: {
            /** Format: int64 */
            count: number;
            /**
             * Format: int32
             * @description Its number in article 9, 1 to 6. `GET /tickets?refusal=` lists them, for a sample.
             */
            ground: number;
        };
        /** @description A member that said no. */
        RefusedView: {
            article: string;
            code: string;
            detail: string;
            /** Format: uuid */
            ticket_id: string;
        };
        /** @description What a reviewer's eye should rest on. It decides nothing. */
        ReplyFindingView: {
            /** @description `empty`, `copied_demand`, `copied_reply`, `evasive`, `no_date`, `nobody_to_ask` or `off_topic`. */
            kind: string;
            /** @description In Chinese, with the words it rests on. */
            why: string;
        };
        /** @description A planned contact after closing. */
        RevisitView: Record<string, unknown> & {
            /** @description Calls that reached nobody. */
            attempts: Record<string, unknown>[];
            /**
             * Format: date-time
             * @description `null` while the calendar for it is not published.
             */
            due?: string | null;
            /** Format: uuid */
            id: string;
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            overdue: boolean;
            /** @description Masked for roles that need not call. */
            phone: string;
            /** Format: date-time */
            planned_at: string;
            /** @description `first` after a dissatisfied survey, `second` after rectification. */
            round: string;
            /** Format: uuid */
            ticket_id: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: int64 */
            version: number;
        };
        /** @description A unit's whole roster. */
        RosterBody: {
            lines: components["schemas"]["DutyLine"][];
        };
        /** @description A unit's roster, and who it names for now. */
        RosterView: {
            lines: components["schemas"]["DutyLine"][];
            /** @description Whom a call-out would ring now, in order. */
            on_duty: components["schemas"]["RungView"][];
        };
        /** @description Whose rules hold for a ticket. */
        RuleProfileView: {
            /**
             * @description Why such a set comes before the province's.
             * @example 11
             */
            article: string;
            /**
             * @description `lane` (a special channel's own), `system` (of systems that demands come from), `source` (of article 8's groups), `city`
             *     or `province`: the nearest holds.
             */
            scope: string;
            title: string;
            version: string;
        };
        /** @description One version of the rules. */
        RuleSetView: {
            /** @description The city it is for (article 32); `null`: the whole province. */
            city?: string | null;
            /** @description What differs from the provincial regulation. */
            differences: components["schemas"]["DifferenceView"][];
            /** @description What a demand's form asks beside what every demand has, as this set has it. */
            form: components["schemas"]["FormFieldView"][];
            /**
             * @description Holds for tickets dispatched on this day or later.
             * @example 2020-04-22
             */
            from: string;
            /** @description 引导 under article 9(2), one for each procedure; the province's where this set has none of its own. */
            guidance: components["schemas"]["GuidanceView"][];
            /** @description 解释 (article 33). */
            interpretations: components["schemas"]["InterpretationView"][];
            is_in_force: boolean;
            /** @description Every number by its field. */
            limits: Record<string, unknown>;
            /** @description The groups of article 8 it is for; empty: all. A special channel names its own: `/api/v1/lanes`. */
            sources: string[];
            /** @description The systems of `/api/v1/origins` it is for, and for no others of their group; empty: not by system. */
            systems: string[];
            title: string;
            /** @description e.g. `苏政办发〔2020〕29号`; a ticket's `promise.rules` is one of these. */
            version: string;
        };
        /** @description Somebody who may be called. */
        RungView: {
            deputy: boolean;
            person: string;
            /** @description Masked for roles that need not call. */
            phone: string;
        };
        /**
         * @description What a machine token may be used for, within the role it was made with.
         * @enum {string}
         */
        Scope: "calls:read" | "calls:control" | "recordings:read" | "tickets:read" | "tickets:write" | "intake:write" | "organisation:read" | "audit:read";
        /** @description Who signed in, and the token that unsafe requests must carry as `X-CSRF-Token`. */
        SignedIn: {
            csrf: string;
            user: components["schemas"]["UserView"];
        };
        /** @description A policy specialist who can be joined to a call 三方通话. */
        SpecialistView: {
            duty: string;
            name: string;
            /** @description Whether the duty roster has them on duty now; null when the roster cannot be read. */
            on_duty?: boolean | null;
            /** @description What to give `consult` as its target. */
            reach: string;
            topics: string[];
            unit: string;
        };
        /** @enum {string} */
        StateName: "ready" | "break" | "offline";
        /** @description The state one wishes for oneself; a break needs its reason. */
        StateWish: {
            reason?: string | null;
            state: components["schemas"]["StateName"];
        };
        /** @description A period's demands. */
        StatisticsView: {
            /** @description Every combination of applicant, city and channel that came; sums of them are figures. */
            figures: components["schemas"]["FiguresView"][];
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            until: string;
        };
        /** @description One of the five steps of article 6. */
        StepView: {
            /** @description `null`: the server itself, or nobody yet. */
            by?: string | null;
            /**
             * Format: date-time
             * @description `null` while it goes on.
             */
            end?: string | null;
            /** @description `answer`, `register`, `resolve`, `dispatch` or `revisit`. */
            kind: string;
            /** @description 接听, 登记, 解答, 转交办 or 回访. */
            name: string;
            /** Format: date-time */
            start: string;
        };
        /** @description The five steps of a ticket, and in whose hands its time lay. */
        StepsView: {
            /** Format: int64 */
            desk_ms: number;
            items: components["schemas"]["StepView"][];
            /** @description Names of the steps that a closed ticket lacks; empty when all is well. */
            missing: string[];
            /** @description The names of everybody in it, by username. */
            names: {
                [key: string]: string;
            };
            /** Format: int64 */
            reviewer_ms: number;
            /** Format: int64 */
            unit_ms: number;
        };
        /** @description Stored; it will be read. */
        Stored: {
            /** Format: uuid */
            callback: string;
        };
        /** @description Another demand that may be about the same matter. */
        SuggestionView: {
            /**
             * Format: uuid
             * @description The matter it belongs to already.
             */
            cluster_id?: string | null;
            /** Format: date-time */
            opened_at: string;
            /** @description In words, in Chinese. */
            reasons: string[];
            /** @description The same number asks again. */
            same_person: boolean;
            /**
             * Format: int32
             * @description In thousandths.
             */
            score: number;
            /** Format: uuid */
            ticket_id: string;
            ticket_number: string;
            title: string;
        };
        /** @description What came in one interval, or to one queue. */
        SumsView: {
            /** Format: int64 */
            abandoned: number;
            /** Format: int64 */
            answered: number;
            /** Format: int64 */
            answered_within_15_s: number;
            /** Format: int64 */
            answered_within_30_s: number;
            /** Format: int64 */
            offered: number;
            /** Format: int64 */
            wait_max_ms: number;
            /**
             * Format: int64
             * @description Mean wait of those answered; null when there were none.
             */
            wait_mean_ms?: number | null;
        };
        /** @description Why, and by whose fault, a call ended. */
        TerminationView: {
            reason: string;
            /** @description `success`, `caller`, `ours`, `upstream` or `unknown`. */
            result: string;
        };
        /** @description A call about a ticket. */
        TicketCallView: components["schemas"]["CallView"] & {
            /** @description Whether one may hear its recording. */
            listenable: boolean;
        };
        /** @description How a ticket stands, as its citizen may see it: no name, no number, no address. */
        TicketForCitizen: {
            answer_by?: components["schemas"]["DeadlineView"] | null;
            not_accepted?: components["schemas"]["NotAcceptedForCitizen"] | null;
            number: string;
            /** Format: date-time */
            opened_at: string;
            /** @description The unit's answer, once it passed review. */
            reply?: string | null;
            /** @description As in a ticket's `stage`. */
            stage: string;
            /** @description In Chinese. */
            stage_name: string;
            /** @description Every hand-over in order. */
            steps: components["schemas"]["CitizenStep"][];
            /** @description `null` where secrecy was asked for. */
            title?: string | null;
            /** @description The name of the unit that answers for it now. */
            unit: string;
        };
        /** @description A ticket as it stands. */
        TicketView: {
            /** @description It waits at the desk, and the rules ask that it be coded before it is disposed of (article 11(2)). */
            classify_first: boolean;
            /** @description The clocks that run. */
            deadlines: components["schemas"]["DeadlineView"][];
            /** Format: uuid */
            id: string;
            /** @description For people, e.g. `20261123-000001`. */
            number: string;
            /** Format: date-time */
            opened_at: string;
            /** @description The rule set its limits are of, or would be if it were dispatched now, and why that one. */
            rule_profile: components["schemas"]["RuleProfileView"];
            /** @description The version of the rule set it keeps since its dispatch: `/api/v1/rules/{version}`. */
            rules?: string | null;
            /** @description `draft`, `registered`, `dispatched`, `handling`, `replied`, `closed`, `archived` or `voided`. */
            stage: string;
            /** @description The stage for a person, in Chinese. */
            stage_name: string;
            /** @description Everything else: demand, petitioner, work, replies, reviews, surveys, revisits, each as it was recorded. */
            ticket: Record<string, unknown>;
            title?: string | null;
            /** @description The one unit that answers for it now. */
            unit: string;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int64
             * @description Number of its last event.
             */
            version: number;
        };
        /** @description A token without its secret. */
        TokenView: {
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** Format: date-time */
            expires_at?: string | null;
            /** Format: uuid */
            id: string;
            name: string;
            /** Format: date-time */
            revoked_at?: string | null;
            /** @example analyst */
            role: string;
            /**
             * @example [
             *       "tickets:read"
             *     ]
             */
            scopes: string[];
            unit: string;
        };
        /** @description One unit: what it was and is, and what article 7 asks of it. */
        UnitDetail: {
            /** @description Every stand, oldest first 沿革. */
            history: components["schemas"]["UnitView"][];
            /** @description Of `process`, `sign`, `handle`, `review`, `duty`, `roster` (nobody on duty at this hour). */
            lacks: string[];
            posts: components["schemas"]["PostsView"];
            /** @description The document that says how it handles demands. */
            process?: string | null;
            /** @description Who has its duties now: itself, or the unit it was merged into. */
            successor?: string | null;
        };
        /** @description One notice to one's unit. */
        UnitNoticeView: {
            /** Format: date-time */
            at: string;
            /** Format: uuid */
            id: string;
            /** @description `assigned`, `reminder`, `moved`, `decided` or `asked`. */
            kind: string;
            /** Format: date-time */
            read_at?: string | null;
            read_by?: string | null;
            /** @description In Chinese. */
            text: string;
            /** Format: uuid */
            ticket_id: string;
        };
        /** @description 成员单位 or a part of the platform. */
        UnitView: {
            code: string;
            /**
             * Format: date-time
             * @description Since when it is so; null: since before it was written down.
             */
            from?: string | null;
            /** @description `platform`, `city`, `department`, `party`, `enterprise` or `hotline`. */
            kind: string;
            /** @description The unit that has its duties since then. */
            merged_into?: string | null;
            name: string;
            parent?: string | null;
        };
        /** @description Why somebody needs to see it. */
        Unmask: {
            purpose: string;
        };
        /** @description Who asks, whole. */
        UnmaskedView: {
            /** @description `{id_kind, id_number}`. */
            identity?: Record<string, unknown> | null;
            legal_person?: Record<string, unknown> | null;
            mobile?: string | null;
            name?: string | null;
            phone?: string | null;
            verification?: Record<string, unknown> | null;
        };
        /** @description A duty of article 7 that a unit did not meet. */
        UnmetView: {
            /**
             * @description Where it belongs in the ledger of accountability.
             * @example 28(6)
             */
            article: string;
            /** @description `process`, `sign`, `handle`, `review`, `duty` or `roster`. */
            lack: string;
            /** @description In Chinese. */
            name: string;
            /** Format: date-time */
            since: string;
            unit: string;
            /**
             * Format: date-time
             * @description `null` while it goes on.
             */
            until?: string | null;
        };
        /** @description A person, as the API shows them. */
        UserView: {
            display_name: string;
            /** @example agent */
            role: string;
            unit: string;
            username: string;
        };
        /** @description Whether the trail is whole. */
        VerificationView: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description Entries whose hashes were computed anew.
             */
            entries: number;
            /** @description Where it is broken, and how. */
            faults: string[];
            whole: boolean;
        };
        /** @description Which tickets, and what for. */
        Wanted: {
            /**
             * Format: uuid
             * @description All tickets of one matter.
             */
            cluster?: string | null;
            /**
             * @description Ticket numbers.
             * @example [
             *       "20261123-000001"
             *     ]
             */
            numbers?: string[];
            /** @description What it is for: in the audit trail. */
            purpose: string;
            /**
             * Format: date-time
             * @description Opened from this instant on; with `until`.
             */
            since?: string | null;
            /** Format: date-time */
            until?: string | null;
        };
        /** @description Whose history. */
        WhoseHistory: {
            cursor?: string | null;
            identity?: components["schemas"]["IdentityBody"] | null;
            /** Format: int32 */
            limit?: number | null;
            phone?: string | null;
            /**
             * Format: uuid
             * @description Of whoever was identified in this ticket, so that nobody has to read the number first. None was: nobody's.
             */
            ticket?: string | null;
        };
        /** @description A demand as it stands in a form, not saved yet. */
        Written: {
            address?: string | null;
            /** @description A code of `GET /categories`. */
            category?: string | null;
            content?: string;
            title?: string;
        };
        /** @description A written opinion as it was issued. */
        WrittenOpinionView: {
            /** Format: date-time */
            issued_at: string;
            /** @example 20261123-000001-1 */
            number: string;
            sha256: string;
            /**
             * Format: uuid
             * @description The message that told the citizen: its state is among the ticket's messages.
             */
            sms_id?: string | null;
            text: string;
            unit: string;
            unit_name: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    health_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accountability_list: {
        parameters: {
            query?: {
                unit?: string;
                /** @description e.g. `28(7)`. */
                article?: string;
                ticket?: string;
                decided?: boolean;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_EntryView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accountability_record: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        /** @description {ground: inaction|mishandling|lead_failed|co_handler_failed|untrue|duties_unmet|other, culpability (of mishandling): intent|negligence, unit, ticket?, person?, leaders?, facts, evidence} */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_unmet: {
        parameters: {
            query?: {
                unit?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_UnmetView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accountability_command: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description decide {approved, reason} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accountability_events: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChainedEventView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_agents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AgentView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    archives_make: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Wanted"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-tar": number[];
                };
            };
            /** @description No such ticket */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No purpose, or too much */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too many at once */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rules_articles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ArticleView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rules_one_article: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example 11(3) */
                article: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArticleView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit_list: {
        parameters: {
            query?: {
                by?: string;
                /** @description `login`, `login_failed`, `listen`, `download`, `token_created`, … */
                action?: string;
                /** @description An id or a name. */
                object?: string;
                since?: string;
                until?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit_verification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerificationView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calendars_changes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CalendarChangeView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calendars_publish: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoticeBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalendarChangeView"];
                };
            };
            /** @description Not a notice */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calendars_moved: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                revision: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MoveView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calendars_day: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /**
                 * @description yyyy-mm-dd
                 * @example 2025-01-26
                 */
                day: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Day"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calendars_deadline: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Limit"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Due"];
                };
            };
            /** @description Refused: unpublished year */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    duty_list: {
        parameters: {
            query?: {
                ticket?: string;
                /** @description `calling`, `escalated`, `acknowledged` or `cancelled`. */
                stage?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CallOutView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    duty_command: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description acknowledge {person, remark?}, cancel {reason} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallOutView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    duty_log: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CallOutEventView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calls_list: {
        parameters: {
            query?: {
                sip_call_id?: string;
                /** @description The whole number, as the network gave it. */
                caller?: string;
                since?: string;
                until?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CallView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calls_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    calls_command: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description hold, resume, consult {target}, transfer {target?}, hand_to_queue {queue}, conference, drop_leg {leg}, emergency {service, location?}, hang_up, monitor, whisper, barge, take_over, pause_recording {reason}, resume_recording */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantedView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_categories: {
        parameters: {
            query?: {
                /** @description A code, a part of the name, or initials of its pinyin; left out: all. */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CategoryView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clusters_list: {
        parameters: {
            query?: {
                open?: boolean;
                /** @description The one this ticket belongs to. */
                ticket?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ClusterView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clusters_open: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        /** @description {title, kind: duplicate|same_event, lead, members: [ticket id]} */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clusters_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clusters_carry: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description dispatch, acknowledge, record_contact, reply, review or rectify, as for one ticket */
                command: string;
            };
            cookie?: never;
        };
        /** @description The ticket command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CarriedView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clusters_command: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description join {tickets}, leave {ticket, reason}, choose_lead {ticket}, dissolve {reason} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clusters_events: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChainedEventView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_conference: {
        parameters: {
            query?: {
                /** @description Left out: now. */
                as_of?: string;
                /** @description The register whole: also who headed a unit before, and who will from a later day. */
                whole?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ConferenceSeatView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    conference_list: {
        parameters: {
            query?: {
                /** @description `entered`, `decided`, `closed` or `checked`. */
                stage?: string;
                /** @description Those about this ticket, or about the event it is one of. */
                ticket?: string;
                cluster?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ItemView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    conference_enter: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description {agenda, held_at, tickets?, clusters?} */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    conference_command: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description link_ticket {ticket}, link_cluster {cluster}, decide {decision, unit, due}, close {evidence}, check {met, finding} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    contacts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    contacts_command: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description dispose {disposition {code, …}}, finish_wrap_up */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    contacts_language: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Language"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    duty_gaps: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DutyGapView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_list: {
        parameters: {
            query?: {
                /** @description `key`, `suspicion`, `overdue`, `trigger` or `fact`. */
                kind?: string;
                /** @description Of key matters: `livelihood`, `poor_quality`, `assigned`, `many_units` or `unresolved`. */
                category?: string;
                unit?: string;
                /** @description e.g. `28(3)`. */
                article?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FindingView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    flagged_numbers_list: {
        parameters: {
            query?: {
                /** @description `proposed`, `declined`, `standing` or `ended`. */
                stage?: string;
                /** @description Only those that a supervisor should look at again. */
                review_due?: boolean;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FlagView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    flagged_numbers_propose: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Proposal"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlagView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    flagged_numbers_command: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description grant {days, review_after_days}, decline {reason}, review {remark, review_after_days}, lift {reason} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlagView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    flagged_numbers_events: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChainedEventView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_form: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FormFieldView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    guests_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuestPass"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    holds_list: {
        parameters: {
            query?: {
                /** @description `true`: not lifted. */
                standing?: boolean;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_HoldView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    holds_place: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        /** @description {held: {ticket|call|recording: id}, reason} */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    holds_command: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description lift {reason} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    holds_events: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChainedEventView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_accept: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDemand"];
            };
        };
        responses: {
            /** @description Had its ticket already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedView"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_words: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWord"];
            };
        };
        responses: {
            /** @description Said before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedView"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedView"];
                };
            };
            /** @description No such ticket with that partner */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_key_marks: {
        parameters: {
            query?: {
                category?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_KeyMarkView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    kpis_get: {
        parameters: {
            query?: {
                /** @description Midnight in Beijing unless given. */
                since?: string;
                /** @description Now unless given. */
                until?: string;
                /** @description One queue only. */
                queue?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KpisView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_lacks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LackView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_lanes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LaneView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live_live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events `board`, `ticket`, `revisit`, `supervision`, `cluster`, `callout`, `duty`, `resync` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Board"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_my_call: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyLine"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_set_state: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StateWish"];
            };
        };
        responses: {
            /** @description The state one is in now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_extend_wrap_up: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoreTime"];
            };
        };
        responses: {
            /** @description The state one is in now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    messages_quarantine: {
        parameters: {
            query?: {
                /** @description Only what nobody has read. */
                unread?: boolean;
                /** @description Only replies that nobody has read from the number of this ticket's petitioner; all of them on one page. */
                ticket?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_QuarantinedView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    messages_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reading"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not there, or read already */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused by the ticket */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    administration_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganisationView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    administration_apply: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganisationText"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppliedView"];
                };
            };
            /** @description A line that cannot be taken */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    administration_preview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganisationText"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreviewView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_origins: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OriginEntryView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_outside_hotlines: {
        parameters: {
            query?: {
                /** @description A code, a part of the name, or initials of its pinyin; left out: all. */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OutsideHotlineView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_history: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WhoseHistory"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TicketView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    citizens_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Question"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketForCitizen"];
                };
            };
            /** @description No ticket of this number and code */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too many wrong codes */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    citizens_written_opinion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Question"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpinionForCitizen"];
                };
            };
            /** @description None of this number and code */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too many wrong codes */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_queues: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_QueueView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordings_manifest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordingView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordings_audio: {
        parameters: {
            query?: {
                /** @description A third party's own track, from 2; without it both sides in stereo: left the citizen, right our side. */
                track?: number;
                /** @description To be kept as a file, which the audit trail tells apart from listening. */
                download?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/wav": number[];
                };
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/wav": number[];
                };
            };
            /** @description No such range */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordings_listens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ListenView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordings_marks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MarkView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordings_mark: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMark"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarkView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordings_unmark: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                mark: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordings_peaks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_refusals: {
        parameters: {
            query?: {
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RefusalCountView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_sample: {
        parameters: {
            query: {
                /** @description Its number in article 9, 1 to 6. */
                ground: number;
                since?: string;
                until?: string;
                /** @description 5 unless given, 50 at most. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DrawnView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revisits_list: {
        parameters: {
            query?: {
                /** @description `planned`, `taken`, `calling`, `done` or `cancelled`. */
                stage?: string;
                ticket?: string;
                /** @description Only those that should have been made by now. */
                overdue?: boolean;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RevisitView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revisits_command: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description call, release, record {outcome, rating?, solved?, remark?} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisitView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rules_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RuleSetView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rules_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example 苏政办发〔2020〕29号 */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleSetView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rules_differences: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                version: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DifferenceView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_specialists: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SpecialistView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    statistics_get: {
        parameters: {
            query?: {
                /** @description Midnight in Beijing unless given. */
                since?: string;
                /** @description Now unless given. */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatisticsView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    supervision_list: {
        parameters: {
            query?: {
                ticket?: string;
                unit?: string;
                owner?: string;
                /** @description `track`, `urge`, `recheck`, `supervise`, `coordinate` or `account`. */
                level?: string;
                open?: boolean;
                /** @description Only open ones whose answer limit ran out. */
                overdue?: boolean;
                /** @description Only those with a proposal (article 26) that waits for a person. */
                proposed?: boolean;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CaseView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    supervision_open: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Opening"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaseView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    supervision_owners: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OwnerView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    supervision_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaseView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    supervision_command: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description assign {owner}, step_up {level, reason, answer_days?}, receive, answer {text}, judge {verdict: accepted|insufficient|evasive, remark?}, convene {attendees, minutes, lead?}, rebind {co_handlers?}, propose {trigger, reason}, confirm {proposal, kind: talk|circular|special_report, addressee, text}, dismiss {proposal, reason}, close {outcome: resolved|unfounded|to_accountability, evidence, finding?} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaseView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    supervision_events: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChainedEventView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    supervision_notice: {
        parameters: {
            query?: {
                /** @description `text` (the default) or `html`. */
                as?: string;
            };
            header?: never;
            path: {
                id: string;
                serial: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_list: {
        parameters: {
            query?: {
                /** @description A stage's code. */
                stage?: string;
                /** @description A unit that answers for it or has a part in it. */
                unit?: string;
                /** @description The petitioner's whole number, or the one that called. */
                phone?: string;
                number?: string;
                /**
                 * @description A group of article 8: `provincial_service`, `cross_city`, `national_platform`, `regional_platform`, `co_built` or
                 *     `assigned_task`.
                 */
                source?: string;
                /** @description Not accepted for this ground of article 9, 1 to 6. */
                refusal?: number;
                /** @description `assigned` 交办, or `passed_for_acceptance` 由省委部门受理. */
                handover?: string;
                /** @description Of this special channel. */
                lane?: string;
                /** @description Members of this same-event cluster. */
                cluster?: string;
                /** @description Only those with a deadline that has run out. */
                overdue?: boolean;
                /**
                 * @description A saved list: `due_soon`, `overdue`, `mine`, or what they wait for: `register`, `dispatch`, `acknowledge`,
                 *     `handle`, `reply_again`, `give_opinion`, `decide_send_back`, `decide_extension`, `decide_kind`, `review`, `issue_opinion`, `revisit`,
                 *     `rectify`, `decide_report`, `review_refusal` or `answer_at_seat`.
                 */
                view?: string;
                /** @description What a person types to find one: a ticket's number, a whole phone number, or words of the title. */
                q?: string;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TicketView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_create: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        /** @description {title, content, kind, petitioner {name, phone?, applicant, secrecy?, firm?}, address?, category?, fields?} */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_counters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CounterView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_actions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ActionView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_advice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Written"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdviceView"];
                };
            };
            /** @description Too long */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attachments_list: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AttachmentView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attachments_add: {
        parameters: {
            query: {
                /** @description What it is called where it comes from; only its last part is kept. */
                name?: string;
                /** @description `demand` 诉求材料 or `proof` 办理佐证. */
                purpose: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": number[];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Nothing that is taken */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attachments_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                attachment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            /** @description Deleted: its retention class was over */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantedView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    duty_start: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCallOut"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallOutView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_calls: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TicketCallView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_command: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
                /** @description register, answer_on_call {answer}, note_three_way {specialist, unit}, dispatch {lead, co_handlers?, basis?, urgent?}, acknowledge, hand_down {unit}, record_contact {summary, call? | recording? | sms?}, reply {text, no_contact_reason?}, review {outcome, remark?}, send_back {basis, suggestion}, decide_send_back {granted, reason}, extend {working_days, reason, told_petitioner}, decide_extension {granted, reason}, change_kind {kind, reason}, decide_kind {granted, reason}, void {reason}, archive, reopen {reason}, rectify {finding, measures}, read_survey {rating}, request_written_opinion, issue_written_opinion {text}, identify {identity {id_kind, id_number}, mobile?, legal_person?}, verify_identity {matches, method}, classify {category, field, department?}, refuse {ground {code, ..}, explanation}, review_refusal {granted, reason}, seal {kind}, explain {explanation, guidance?}, report_up {question}, decide_report {in_scope, decision}, notify_petitioner {how}, hand_to_seat {unit, note, call?}, take_at_seat, answer_at_seat {answer, knowledge?}, enter_lane {lane}, pass_on {partner, reason, call?}, hear_partner {kind, text, id?}, take_back {reason} */
                command: string;
            };
            cookie?: never;
        };
        /** @description The command's own fields */
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_events: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_EventView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_of_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarksView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_mark: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                category: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Marking"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyMarkView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_unmark: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                category: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    messages_of_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MessageView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_origin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OriginView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_proposals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ProposalView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_query_code: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryCodeView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_reply_checks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ReplyFindingView"];
                };
            };
            /** @description No reply yet */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clusters_similar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SuggestionView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_five_steps: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepsView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    intake_unmask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Unmask"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnmaskedView"];
                };
            };
            /** @description Refused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_written_opinions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_WrittenOpinionView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tokens_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TokenView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tokens_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeToken"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tokens_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    units_list: {
        parameters: {
            query?: {
                /** @description Only those nobody has read. */
                unread?: boolean;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_UnitNoticeView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    units_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_units: {
        parameters: {
            query?: {
                /** @description Left out: now. */
                as_of?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_UnitView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    organisation_unit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitDetail"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    duty_roster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RosterView"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    duty_publish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RosterBody"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gateways_receipt: {
        parameters: {
            query?: never;
            header?: {
                "X-Hotline-Signature"?: string | null;
            };
            path: {
                gateway: string;
                token: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stored"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gateways_reply: {
        parameters: {
            query?: never;
            header?: {
                "X-Hotline-Signature"?: string | null;
            };
            path: {
                gateway: string;
                token: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stored"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Draining, a part does not answer, or a disk is nearly full */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    phone_sip: {
        parameters: {
            query?: {
                /** @description A citizen's pass from `POST /api/v1/guest_calls`. */
                guest?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The WebSocket is open */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not done, and why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
