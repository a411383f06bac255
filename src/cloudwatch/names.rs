//! Which log groups there are, by what their names begin with: `DescribeLogGroups`, at the pace that the quota allows.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{CallError, Client, Limiter};

/// How often a call is made that fails, one that is throttled aside.
const TRIES: u32 = 4;
/// How long the second try waits; each later one waits twice as long.
const BACK_OFF: Duration = Duration::from_millis(200);

/// A page of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamePage {
    /// The names; there may be none though more pages follow.
    pub names: Vec<String>,
    /// Where to go on; `None` at the end.
    pub token: Option<String>,
}

/// A service that tells its log groups.
pub trait GroupNames: Send + Sync {
    /// Returns a page of the names that begin so.
    fn group_names(
        &self,
        prefix: &str,
        token: Option<String>,
    ) -> impl Future<Output = Result<NamePage, CallError>> + Send;
}

impl GroupNames for Client {
    async fn group_names(
        &self,
        prefix: &str,
        token: Option<String>,
    ) -> Result<NamePage, CallError> {
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let answer = self
            .sdk()
            .describe_log_groups()
            .set_log_group_name_prefix(prefix.map(str::to_owned))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| self.error("DescribeLogGroups", &Arc::from(""), &error))?;
        let groups = answer.log_groups.unwrap_or_default().into_iter();
        Ok(NamePage {
            names: groups.filter_map(|group| group.log_group_name).collect(),
            token: answer.next_token,
        })
    }
}

/// Returns the names of all log groups that begin so, sorted.
pub async fn group_names(
    service: &impl GroupNames,
    prefix: &str,
    limiter: &mut Limiter,
) -> Result<Vec<String>, CallError> {
    let (began, mut names) = (Instant::now(), Vec::new());
    let (mut token, mut tries): (Option<String>, u32) = (None, 0);
    loop {
        sleep(limiter.wait(began.elapsed())).await;
        let made = began.elapsed();
        limiter.take(made);
        match service.group_names(prefix, token.clone()).await {
            Ok(page) => {
                limiter.passed(began.elapsed());
                names.extend(page.names);
                tries = 0;
                // A token that leads back to itself leads nowhere else.
                if page.token.is_none() || page.token == token {
                    break;
                }
                token = page.token;
            }
            Err(error) if !error.kind.is_passing() => return Err(error),
            Err(error) if error.kind == super::Kind::Throttled => {
                limiter.throttled(made, began.elapsed());
            }
            Err(error) if tries + 1 >= TRIES => return Err(error),
            Err(_) => {
                sleep(BACK_OFF * 2_u32.pow(tries)).await;
                tries += 1;
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::{Kind, Place};
    use super::*;

    /// Answers in this order.
    struct Scripted(Mutex<Vec<Result<NamePage, Kind>>>);

    impl GroupNames for Scripted {
        async fn group_names(&self, _: &str, _: Option<String>) -> Result<NamePage, CallError> {
            let next = self.0.lock().expect("no panic").remove(0);
            next.map_err(|kind| CallError {
                kind,
                operation: "DescribeLogGroups",
                group: Arc::from(""),
                place: Arc::new(Place::default()),
                reason: String::new(),
            })
        }
    }

    fn page(names: &[&str], token: Option<&str>) -> NamePage {
        NamePage {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            token: token.map(str::to_owned),
        }
    }

    async fn names(answers: Vec<Result<NamePage, Kind>>) -> Result<Vec<String>, Kind> {
        let service = Scripted(Mutex::new(answers));
        let found = group_names(&service, "/ecs/", &mut Limiter::new(10.0)).await;
        found.map_err(|error| error.kind)
    }

    #[tokio::test(start_paused = true)]
    async fn all_pages_are_read_whatever_becomes_of_single_calls() {
        let answers = vec![
            Err(Kind::Throttled),
            Ok(page(&["/ecs/b", "/ecs/c"], Some("1"))),
            Err(Kind::Unavailable),
            Ok(page(&[], Some("2"))),
            Err(Kind::Silent),
            Ok(page(&["/ecs/a", "/ecs/b"], None)),
        ];
        let expected = ["/ecs/a", "/ecs/b", "/ecs/c"].map(str::to_owned);
        assert_eq!(names(answers).await, Ok(expected.to_vec()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_or_keeps_failing_is_an_error() {
        assert_eq!(names(vec![Err(Kind::Denied)]).await, Err(Kind::Denied));
        let failing = vec![Err(Kind::Unavailable); 4];
        assert_eq!(names(failing).await, Err(Kind::Unavailable));
    }
}
