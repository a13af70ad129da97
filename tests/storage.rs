//! What storage promises, held against both databases: every story here runs once on SQLite and once on
//! PostgreSQL.

#[path = "support/postgres.rs"]
mod postgres;

use std::sync::Arc;

use hotline::clock::{Clock, SimClock};
use hotline::domain::time::Timestamp;
use hotline::storage::Storage;

/// A database of one test's own, and the clock it was opened with.
struct Place {
    url: String,
    clock: Arc<SimClock>,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("hotline.db").display());
        Self::at(url, folder)
    }

    async fn postgres() -> Self {
        Self::at(postgres::new_database().await, tempfile::tempdir().unwrap())
    }

    fn at(url: String, folder: tempfile::TempDir) -> Self {
        let clock = Arc::new(SimClock::new(
            "2025-06-03T10:00:00+08:00".parse().unwrap(),
            7,
        ));
        Self {
            url,
            clock,
            _folder: folder,
        }
    }

    async fn open(&self) -> Storage {
        Storage::open(&self.url, self.clock.clone()).await.unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Runs each story on both databases.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(super::Place::sqlite().await).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(super::Place::postgres().await).await;
            })+
        }
    };
}

stories! {
    opening_twice_changes_nothing,
}

async fn opening_twice_changes_nothing(place: Place) {
    place.open().await.close().await;
    let storage = place.open().await;
    storage.ping().await.unwrap();
    assert!(storage.units().await.unwrap().is_empty());
    let _ = place.now();
}
