//! Units of work: alone in failing, durable when answered, in the order they came.

use std::time::Duration;

use tokio::sync::oneshot;

use super::*;
use crate::clock::SystemClock;

#[path = "../../../tests/support/postgres.rs"]
mod server;

async fn open(url: &str) -> Db {
    Db::open(url, Arc::new(SystemClock), None).await.unwrap()
}

/// An empty database of each kind, with a table to play with.
async fn both() -> [(Db, tempfile::TempDir); 2] {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("x.db").display());
    let postgres = server::new_database().await;
    let mut databases = Vec::new();
    for url in [sqlite, postgres] {
        let db = open(&url).await;
        db.write((), |tx, ()| {
            Box::pin(tx.execute("CREATE TABLE play (n BIGINT PRIMARY KEY, at BIGINT)", &[]))
        })
        .await
        .unwrap_or_else(|_: Fault| panic!("a table can be made"));
        databases.push(db);
    }
    let [sqlite, postgres] = databases.try_into().ok().unwrap();
    [(sqlite, folder), (postgres, tempfile::tempdir().unwrap())]
}

async fn insert(db: &Db, n: i64) -> Result<u64, Fault> {
    db.write(n, |tx, n| {
        Box::pin(async move {
            tx.execute("INSERT INTO play (n) VALUES ($1)", &values![*n])
                .await
        })
    })
    .await
}

async fn stored(db: &Db) -> Vec<i64> {
    let rows = db.rows("SELECT n FROM play ORDER BY n", &[]).await.unwrap();
    rows.iter().map(|row| row.get("n").unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_of_work_that_fails_takes_nobody_with_it() {
    for (db, _folder) in both().await {
        let units = (0..50_i64).map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(n, |tx, n| {
                    Box::pin(async move {
                        tx.execute("INSERT INTO play (n) VALUES ($1)", &values![*n])
                            .await?;
                        match n % 3 {
                            0 => Ok(()),
                            1 => Err(Fault::Conflict("no".to_owned())),
                            _ => panic!("a bug in unit {n}"),
                        }
                    })
                })
                .await
            })
        });
        for (n, unit) in units.collect::<Vec<_>>().into_iter().enumerate() {
            let expected = match n % 3 {
                0 => Ok(()),
                1 => Err(Fault::Conflict("no".to_owned())),
                _ => Err(Fault::Corrupt(format!(
                    "a unit of work panicked: a bug in unit {n}"
                ))),
            };
            assert_eq!(unit.await.unwrap(), expected);
        }
        let expected: Vec<i64> = (0..50).filter(|n| n % 3 == 0).collect();
        assert_eq!(stored(&db).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_row_is_a_conflict_and_a_missing_table_is_corrupt() {
    for (db, _folder) in both().await {
        insert(&db, 1).await.unwrap();
        assert!(matches!(insert(&db, 1).await, Err(Fault::Conflict(_))));
        let missing = db.rows("SELECT * FROM nowhere", &[]).await;
        assert!(matches!(missing, Err(Fault::Corrupt(_))));
        db.close().await;
        assert!(matches!(insert(&db, 2).await, Err(Fault::Down(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_null_fits_every_kind_of_column() {
    for (db, _folder) in both().await {
        db.write((), |tx, ()| {
            Box::pin(async move {
                tx.execute("CREATE TABLE kinds (i BIGINT, t TEXT)", &[])
                    .await?;
                let nulls = values![None::<i64>, None::<String>];
                tx.execute("INSERT INTO kinds (i, t) VALUES ($1, $2)", &nulls)
                    .await
            })
        })
        .await
        .unwrap_or_else(|fault: Fault| panic!("{fault}"));
        let row = db
            .row("SELECT i, t FROM kinds", &[])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.opt::<i64>("i"), Ok(None));
        assert_eq!(row.opt::<String>("t"), Ok(None));
        assert!(matches!(row.get::<i64>("i"), Err(Fault::Corrupt(_))));
        assert!(matches!(row.get::<i64>("t"), Err(Fault::Corrupt(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_tables_and_columns() {
    let mut shapes = Vec::new();
    for (db, _folder) in both().await {
        let mut tx = db.snapshot().await.unwrap();
        shapes.push(crate::storage::backup::shape(&mut tx).await.unwrap());
    }
    assert!(shapes[0].len() > 20);
    assert_eq!(shapes[0], shapes[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_that_lock_crosswise_are_run_again_until_both_are_done() {
    let [_, (db, _folder)] = both().await;
    for n in [1, 2] {
        insert(&db, n).await.unwrap();
    }
    let cross = |first: i64, second: i64| {
        let db = db.clone();
        tokio::spawn(async move {
            db.write((first, second), |tx, (first, second)| {
                Box::pin(async move {
                    for n in [*first, *second] {
                        tx.execute(
                            "UPDATE play SET at = coalesce(at, 0) + 1 WHERE n = $1",
                            &values![n],
                        )
                        .await?;
                        // Long enough for the other to take its first row.
                        tx.rows("SELECT pg_sleep(0.05)", &[]).await?;
                    }
                    Ok::<_, Fault>(())
                })
            })
            .await
        })
    };
    let (a, b) = (cross(1, 2), cross(2, 1));
    a.await.unwrap().unwrap();
    b.await.unwrap().unwrap();
    let rows = db.rows("SELECT at FROM play", &[]).await.unwrap();
    let counts: Vec<i64> = rows.iter().map(|row| row.get("at").unwrap()).collect();
    assert_eq!(counts, [2, 2]);
}

/// Keeps the writer busy until the returned sender is used.
async fn hold_the_writer(db: &Db) -> oneshot::Sender<()> {
    let (release, released) = oneshot::channel();
    let (begun, has_begun) = oneshot::channel();
    let signals = std::sync::Mutex::new(Some((begun, released)));
    let db = db.clone();
    tokio::spawn(async move {
        db.write(signals, |_, signals| {
            let taken = signals.lock().unwrap().take().unwrap();
            Box::pin(async move {
                taken.0.send(()).unwrap();
                taken.1.await.unwrap();
                Ok::<_, Fault>(())
            })
        })
        .await
    });
    has_begun.await.unwrap();
    release
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_the_writer_is_committed_in_the_order_it_came() {
    let [(db, _folder), _] = both().await;
    let release = hold_the_writer(&db).await;
    let mut waiting = Vec::new();
    for n in 0..600 {
        let mut unit = Box::pin(db.write(n, |tx, n: &i64| {
            Box::pin(async move {
                let seen = tx.rows("SELECT count(*) AS count FROM play", &[]).await?;
                tx.execute("INSERT INTO play (n) VALUES ($1)", &values![*n])
                    .await?;
                seen[0].get::<i64>("count")
            })
        }));
        // One poll hands it to the mailbox.
        let polled = std::future::poll_fn(|context| Poll::Ready(unit.as_mut().poll(context))).await;
        assert!(polled.is_pending());
        waiting.push(unit);
    }
    release.send(()).unwrap();
    for (n, unit) in waiting.into_iter().enumerate() {
        let seen: Result<i64, Fault> = unit.await;
        assert_eq!(seen, Ok(n as i64), "each sees exactly those before it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_mailbox_says_so_at_once() {
    let [(db, _folder), _] = both().await;
    let release = hold_the_writer(&db).await;
    let mut waiting = Vec::new();
    let refused = loop {
        let mut unit = Box::pin(insert(&db, waiting.len() as i64));
        match std::future::poll_fn(|context| Poll::Ready(unit.as_mut().poll(context))).await {
            Poll::Pending => waiting.push(unit),
            Poll::Ready(answer) => break answer,
        }
        assert!(waiting.len() < 10_000, "the mailbox has no end");
    };
    assert!(matches!(refused, Err(Fault::Busy(_))));
    release.send(()).unwrap();
    let count = waiting.len();
    for unit in waiting {
        unit.await.unwrap();
    }
    assert_eq!(stored(&db).await.len(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let [(db, _folder), _] = both().await;
    db.write((), |tx, ()| {
        Box::pin(async move {
            tx.execute("CREATE TABLE heap (n BIGINT, body BLOB)", &[])
                .await?;
            let pages = tx.rows("PRAGMA page_count", &[]).await?;
            let limit = pages[0].get::<i64>("page_count")? + 30;
            let limit = format!("PRAGMA max_page_count = {limit}");
            tx.rows_text(sqlx::AssertSqlSafe(limit).into_sql_str(), &[])
                .await
                .map(|_| ())
        })
    })
    .await
    .unwrap_or_else(|fault: Fault| panic!("{fault}"));
    let units: Vec<_> = (0..100)
        .map(|n: i64| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(n, |tx, n| {
                    Box::pin(async move {
                        let body = vec![7; 6000];
                        tx.execute(
                            "INSERT INTO heap (n, body) VALUES ($1, $2)",
                            &values![*n, body],
                        )
                        .await
                    })
                })
                .await
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for (n, unit) in units.into_iter().enumerate() {
        match unit.await.unwrap() {
            Ok(_) => acknowledged.push(n as i64),
            Err(fault) => assert!(matches!(fault, Fault::Down(_)), "{fault:?}"),
        }
    }
    assert!(!acknowledged.is_empty() && acknowledged.len() < 100);
    let rows = db.rows("SELECT n FROM heap ORDER BY n", &[]).await.unwrap();
    let stored: Vec<i64> = rows.iter().map(|row| row.get("n").unwrap()).collect();
    assert_eq!(stored, acknowledged);
    // Room again: the writer goes on.
    db.write((), |tx, ()| {
        Box::pin(async move {
            tx.rows("PRAGMA max_page_count = 1000000", &[]).await?;
            tx.execute("DELETE FROM heap", &[]).await
        })
    })
    .await
    .unwrap_or_else(|fault: Fault| panic!("{fault}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    let (a, b) = (open(&url).await, open(&url).await);
    a.write((), |tx, ()| {
        Box::pin(tx.execute("CREATE TABLE play (n BIGINT PRIMARY KEY)", &[]))
    })
    .await
    .unwrap_or_else(|_: Fault| panic!("a table can be made"));
    let both = tokio::time::timeout(Duration::from_secs(60), async {
        for n in 0..100 {
            let (left, right) = tokio::join!(insert(&a, 2 * n), insert(&b, 2 * n + 1));
            left.and(right).unwrap();
        }
    });
    both.await.unwrap();
    assert_eq!(stored(&a).await, (0..200).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dropped_its_connections_is_used_again() {
    let [_, (db, _folder)] = both().await;
    insert(&db, 1).await.unwrap();
    db.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
        &[],
    )
    .await
    .unwrap();
    insert(&db, 2).await.unwrap();
    let suicide = db
        .rows("SELECT pg_terminate_backend(pg_backend_pid())", &[])
        .await;
    assert!(
        matches!(suicide, Err(Fault::Down(_))),
        "{:?}",
        suicide.err()
    );
    insert(&db, 3).await.unwrap();
    assert_eq!(stored(&db).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_as_such() {
    let nobody = "postgres://hotline:hunter2@127.0.0.1:1/hotline";
    let Err(fault) = Db::open(nobody, Arc::new(SystemClock), None).await else {
        panic!("nobody listens there");
    };
    assert!(matches!(fault, Fault::Down(_)), "{fault:?}");
    assert!(!fault.to_string().contains("hunter2"));
}
