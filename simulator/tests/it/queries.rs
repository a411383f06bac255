//! Insights queries and query definitions.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::get_query_results::GetQueryResultsOutput;
use aws_sdk_cloudwatchlogs::operation::start_query::StartQueryError;
use logq_simulator::Answer;

use crate::account::{FROM, GROUP, TO, account, client, code};

async fn start(client: &Client, query: &str) -> String {
    let request = client
        .start_query()
        .log_group_name(GROUP)
        .query_string(query);
    let request = request.start_time(FROM / 1000).end_time(TO / 1000 - 1);
    let started = request.send().await.expect("a query");
    started.query_id().expect("an id").to_owned()
}

async fn results(client: &Client, id: &str) -> GetQueryResultsOutput {
    client
        .get_query_results()
        .query_id(id)
        .send()
        .await
        .expect("results")
}

fn rows(results: &GetQueryResultsOutput) -> Vec<Vec<(&str, &str)>> {
    results
        .results()
        .iter()
        .map(|row| {
            let fields = row.iter().filter(|field| field.field() != Some("@ptr"));
            fields
                .map(|field| {
                    (
                        field.field().unwrap_or_default(),
                        field.value().unwrap_or_default(),
                    )
                })
                .collect()
        })
        .collect()
}

#[tokio::test]
async fn a_query_is_evaluated_and_its_scan_counted() {
    let simulator = account(5_000);
    let client = client(&simulator);
    let errors = simulator
        .events(GROUP, "{ $.levelname = \"ERROR\" }", FROM, TO)
        .len();
    let query = "filter levelname = \"ERROR\" | stats count(*) as n by status";
    let answer = results(&client, &start(&client, query).await).await;
    assert_eq!(
        rows(&answer),
        [[("status", "500"), ("n", &errors.to_string())]]
    );
    let scanned = answer
        .statistics()
        .map(|statistics| (statistics.records_matched(), statistics.records_scanned()));
    assert_eq!(scanned, Some((errors as f64, 5_000.0)));
    let query = "fields @timestamp, n | filter n >= 3 and stream = 1 | sort n asc | limit 2";
    let answer = results(&client, &start(&client, query).await).await;
    let numbers: Vec<_> = rows(&answer).iter().map(|row| row[1]).collect();
    assert_eq!(numbers, [("n", "3"), ("n", "4")]);
}

#[tokio::test]
async fn a_query_runs_for_a_while_and_is_stopped() {
    let simulator = account(100);
    simulator.behave(|behaviour| behaviour.insights.run_ms = 60_000);
    let client = client(&simulator);
    let id = start(&client, "fields @message").await;
    let status = results(&client, &id)
        .await
        .status()
        .map(|status| status.as_str().to_owned());
    assert_eq!(status.as_deref(), Some("Scheduled"));
    client
        .stop_query()
        .query_id(&id)
        .send()
        .await
        .expect("it runs");
    let status = results(&client, &id)
        .await
        .status()
        .map(|status| status.as_str().to_owned());
    assert_eq!(status.as_deref(), Some("Cancelled"));
}

#[tokio::test]
async fn a_result_is_cut_at_the_cap_and_paged() {
    let simulator = account(3_000);
    simulator.behave(|behaviour| behaviour.insights.rows = 1_000);
    let client = client(&simulator);
    let id = start(&client, "fields @message").await;
    let request = client.get_query_results().query_id(&id).max_items(800);
    let first = request.clone().send().await.expect("results");
    let token = first.next_token().expect("there are more");
    let second = request.next_token(token).send().await.expect("results");
    assert_eq!((first.results().len(), second.results().len()), (800, 200));
}

#[tokio::test]
async fn a_query_that_is_not_simulated_needs_an_answer() {
    let simulator = account(100);
    let client = client(&simulator);
    let query = "stats avg(duration_ms) by bin(5m)";
    let request = client
        .start_query()
        .log_group_name(GROUP)
        .start_time(0)
        .end_time(1)
        .query_string(query);
    let refused = request.send().await.expect_err("no avg");
    assert_eq!(code(&refused), "MalformedQueryException");
    simulator.behave(|behaviour| {
        let rows = vec![vec![("avg(duration_ms)".to_owned(), "1".to_owned())]];
        let query = query.to_owned();
        behaviour.insights.answers.push(Answer { query, rows });
    });
    let answer = results(&client, &start(&client, query).await).await;
    assert_eq!(rows(&answer), [[("avg(duration_ms)", "1")]]);
}

#[tokio::test]
async fn a_query_ends_as_the_test_wants_it() {
    let simulator = account(100);
    simulator.behave(|behaviour| behaviour.insights.ends = vec!["Failed".to_owned()]);
    let client = client(&simulator);
    let mut ends = Vec::new();
    for _ in 0..2 {
        let id = start(&client, "fields @message").await;
        let answer = results(&client, &id).await;
        ends.push(answer.status().map(|status| status.as_str().to_owned()));
    }
    assert_eq!(
        ends,
        [Some("Failed".to_owned()), Some("Complete".to_owned())]
    );
}

#[tokio::test]
async fn a_query_may_name_its_groups_and_tell_milliseconds() {
    let simulator = account(1_000);
    let client = client(&simulator);
    let query = format!(
        "SOURCE '{GROUP}' | filter toMillis(@timestamp) >= {FROM} and toMillis(@timestamp) < {} | stats count(*)",
        FROM + 3_600_500
    );
    let request = client.start_query().query_string(query);
    let request = request
        .start_time(FROM / 1000)
        .end_time(FROM / 1000 + 3_601);
    let id = request.send().await.expect("a query").query_id;
    let answer = results(&client, &id.expect("an id")).await;
    let events = simulator.events(GROUP, "", FROM, FROM + 3_600_500).len();
    assert!(events > 0);
    assert_eq!(rows(&answer), [[("count(*)", &*events.to_string())]]);
}

#[tokio::test]
async fn a_complaint_says_where() {
    let simulator = account(0);
    let request = client(&simulator).start_query().log_group_name(GROUP);
    let request = request.start_time(0).end_time(1);
    let refused = request.query_string("fields a | nope b").send().await;
    let refused = refused.expect_err("no such command").into_service_error();
    let StartQueryError::MalformedQueryException(error) = refused else {
        panic!("malformed: {refused:?}");
    };
    let place = error
        .query_compile_error()
        .and_then(|error| error.location());
    let place = place.map(|place| (place.start_char_offset(), place.end_char_offset()));
    assert_eq!(place, Some((Some(11), Some(17))));
}

#[tokio::test]
async fn definitions_are_put_changed_and_deleted() {
    let simulator = account(0);
    let client = client(&simulator);
    let put = |name: &str, text: &str| client.put_query_definition().name(name).query_string(text);
    let made = put("logq/errors", "fields @message")
        .send()
        .await
        .expect("it is put");
    put("other", "fields @message")
        .send()
        .await
        .expect("it is put");
    let id = made.query_definition_id().expect("an id");
    let changed = put("logq/errors", "fields @timestamp").query_definition_id(id);
    changed.send().await.expect("it is changed");
    let describe = || {
        client
            .describe_query_definitions()
            .query_definition_name_prefix("logq/")
            .send()
    };
    let described = describe().await.expect("definitions");
    let [definition] = described.query_definitions() else {
        panic!("one definition: {described:?}");
    };
    assert_eq!(definition.query_string(), Some("fields @timestamp"));
    let delete = client.delete_query_definition().query_definition_id(id);
    delete.clone().send().await.expect("it is deleted");
    assert!(
        describe()
            .await
            .expect("definitions")
            .query_definitions()
            .is_empty()
    );
    let again = delete.send().await.expect_err("it is gone");
    assert_eq!(code(&again), "ResourceNotFoundException");
}

#[tokio::test]
async fn definitions_come_in_pages_and_one_token_makes_one() {
    let simulator = account(0);
    let client = client(&simulator);
    simulator.behave(|behaviour| behaviour.page.definitions = 2);
    let token = "0123456789abcdef0123456789abcdef0123456789";
    let put = || {
        client
            .put_query_definition()
            .name("a")
            .query_string("limit 1")
            .client_token(token)
    };
    let made = put().send().await.expect("it is put");
    let again = put().send().await.expect("it was put");
    assert_eq!(made.query_definition_id(), again.query_definition_id());
    for name in ["b", "c"] {
        simulator.put_definition(serde_json::json!({ "name": name, "queryString": "limit 1" }));
    }
    let mut token = None;
    let mut names = Vec::new();
    loop {
        let page = client
            .describe_query_definitions()
            .set_next_token(token)
            .send();
        let page = page.await.expect("definitions");
        assert!(page.query_definitions().len() <= 2);
        names.extend(
            page.query_definitions()
                .iter()
                .filter_map(|one| one.name().map(str::to_owned)),
        );
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c"]);
}
