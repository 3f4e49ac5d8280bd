use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::provider::error::CredentialsError;
use service_kit::clock::{ManualClock, from_unix_ms};

use super::*;

const NOW_MS: i64 = 1_792_000_000_000;
const MINUTE: Duration = Duration::from_secs(60);

/// Gives credentials that are good for an hour, unless it is told to fail, and counts.
#[derive(Debug)]
struct Role {
    clock: Arc<ManualClock>,
    asked: AtomicUsize,
    fails: Mutex<Option<fn() -> CredentialsError>>,
}

impl ProvideCredentials for Role {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async {
            let asked = self.asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(10)).await;
            if let Some(fails) = *self.fails.lock().unwrap() {
                return Err(fails());
            }
            let expiry = Some(self.clock.now() + 60 * MINUTE);
            Ok(Credentials::new(format!("KEY{asked}"), "hunter2", None, expiry, "tests"))
        })
    }
}

#[derive(Debug, Clone)]
struct Shared(Arc<Role>);

impl ProvideCredentials for Shared {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        self.0.provide_credentials()
    }
}

fn role() -> (Arc<Role>, Arc<ManualClock>, Kept) {
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let role = Role { clock: clock.clone(), asked: AtomicUsize::new(0), fails: Mutex::new(None) };
    let role = Arc::new(role);
    let provider = SharedCredentialsProvider::new(Shared(role.clone()));
    (role, clock.clone(), Kept::new(provider, clock))
}

impl Role {
    fn fail(&self, fails: Option<fn() -> CredentialsError>) {
        *self.fails.lock().unwrap() = fails;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn key(kept: &Kept) -> String {
    kept.get().await.unwrap().access_key_id().to_owned()
}

#[tokio::test]
async fn they_are_renewed_five_minutes_before_they_expire() {
    let (_, clock, kept) = role();
    for (minute, expected) in [(0, "KEY0"), (54, "KEY0"), (55, "KEY1"), (109, "KEY1")] {
        clock.set(NOW_MS + minute * 60_000);
        assert_eq!(key(&kept).await, expected, "{minute}");
    }
}

#[tokio::test]
async fn many_who_wait_are_one_question() {
    let (role, _, kept) = role();
    let (a, b, c) = tokio::join!(key(&kept), key(&kept), key(&kept));
    assert_eq!([a, b, c], ["KEY0", "KEY0", "KEY0"]);
    assert_eq!(role.asked(), 1);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_waited_and_not_kept() {
    let (role, _, kept) = role();
    role.fail(Some(|| CredentialsError::provider_error("503")));
    let (a, b, c) = tokio::join!(kept.get(), kept.get(), kept.get());
    for told in [a, b, c] {
        let err = told.unwrap_err();
        let Error::Unavailable(cause) = &err else { panic!("{err:?}") };
        assert_eq!(cause.source().unwrap().to_string(), "503");
        assert!(!err.to_string().contains("503"), "{err}");
    }
    assert_eq!(role.asked(), 1);
    role.fail(None);
    assert_eq!(key(&kept).await, "KEY1");
}

#[tokio::test]
async fn old_ones_go_on_while_they_cannot_be_renewed_and_end_when_they_expire() {
    let (role, clock, kept) = role();
    assert_eq!(key(&kept).await, "KEY0");
    role.fail(Some(|| CredentialsError::invalid_configuration("AccessDenied")));
    for (second, asked) in [(55 * 60, 2), (55 * 60 + 29, 2), (55 * 60 + 30, 3), (59 * 60, 4)] {
        clock.set(NOW_MS + second * 1000);
        assert_eq!(key(&kept).await, "KEY0", "{second}");
        assert_eq!(role.asked(), asked, "{second}");
    }
    clock.set(NOW_MS + 60 * 60_000);
    assert!(matches!(kept.get().await, Err(Error::Credentials(_))));
}

#[tokio::test]
async fn what_aws_refused_is_asked_for_again() {
    let (_, _, kept) = role();
    assert_eq!(key(&kept).await, "KEY0");
    kept.forget();
    assert_eq!(key(&kept).await, "KEY1");
}

#[tokio::test]
async fn one_who_gives_up_leaves_the_question_to_the_next() {
    let (_, _, kept) = role();
    tokio::select! {
        biased;
        _ = kept.get() => panic!("the provider needs time"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(key(&kept).await, "KEY1");
}

#[tokio::test]
async fn no_secret_is_shown() {
    let (_, _, kept) = role();
    let credentials = kept.get().await.unwrap();
    assert_eq!(credentials.expiry(), Some(from_unix_ms(NOW_MS) + 60 * MINUTE));
    let signer = crate::Signer::new(kept, "sts");
    assert!(!format!("{signer:?}").contains("hunter2"));
}
