//! Tests of redaction: what goes, what stays, and that it takes linear time.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

fn redacted(text: &str) -> String {
    static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&[]));
    REDACTOR.text(text).into_owned()
}

/// Checks that a text comes out as given, and that a second look finds nothing more.
fn check(text: &str, expected: &str) {
    let once = redacted(text);
    assert_eq!(once, expected, "of {text}");
    assert_eq!(redacted(&once), once, "a second time");
}

fn stays(text: &str) {
    check(text, text);
}

#[test]
fn tokens_go_by_their_shape() {
    for token in [
        "xoxb-2314-5512-AbCdEfGhIjKlMnOp",
        "xoxe.xoxp-1-Mi0yLTkzODQ",
        "xapp-1-A0123-456-abcdef",
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpM",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
        "glpat-abcdefghij0123456789",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "sk-proj-abcdefghijklmnopqrstuvwx",
        "pbkdf2_sha256$600000$abcdefghijkl$mnopqrstuvwxyz012345=",
    ] {
        check(&format!("refused {token}, so"), "refused [redacted], so");
    }
    check(
        "POST https://hooks.slack.com/services/T000/B000/abcDEF failed",
        "POST https://[redacted] failed",
    );
    check(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nend",
        "[redacted]\nend",
    );
    check("x -----BEGIN PRIVATE KEY-----\nMIIE", "x [redacted]");
}

#[test]
fn values_go_by_the_name_before_them() {
    check("password=hunter2", "password=[redacted]");
    check("DB_PASSWORD: hunter2 user", "DB_PASSWORD: [redacted] user");
    check(
        "{\"password\": \"hunter \\\"2\", \"a\": 1}",
        "{\"password\": \"[redacted]\", \"a\": 1}",
    );
    check("{'passwd': 'hunter2'}", "{'passwd': '[redacted]'}");
    check("{'token': b'abc'}", "{'token': b'[redacted]'}");
    check(
        r#""{\"api_key\": \"abc\", \"n\": 1}""#,
        r#""{\"api_key\": \"[redacted]\", \"n\": 1}""#,
    );
    check(
        r#"{\\\"secret\\\": \\\"a\\\\\\\"b\\\", n"#,
        r#"{\\\"secret\\\": \\\"[redacted]\\\", n"#,
    );
    check(
        "<QueryDict: {'password1': ['a'], 'password': ['hunter2', 'x y']}>",
        "<QueryDict: {'password1': ['a'], 'password': ['[redacted]', '[redacted]']}>",
    );
    check("('password', 'hunter2')", "('password', '[redacted]')");
    check(
        "[(b'authorization', b'Bearer abc'), (b'host', b'x')]",
        "[(b'authorization', b'[redacted]'), (b'host', b'x')]",
    );
    check(
        "run --password hunter2 --user x",
        "run --password [redacted] --user x",
    );
    check(
        "run --api-key=hunter2 --user x",
        "run --api-key=[redacted] --user x",
    );
    check(
        "<password>hunter2</password>",
        "<password>[redacted]</password>",
    );
    check("GET /a?token=abc&page=2", "GET /a?token=[redacted]&page=2");
    check("a%3Fpassword%3Dhunter2 b", "a%3Fpassword%3D[redacted] b");
    check(
        "host=db password=a,b)c;d user=x",
        "host=db password=[redacted] user=x",
    );
    check(
        "connect(password='a', user='b')",
        "connect(password='[redacted]', user='b')",
    );
    check(
        "ALTER USER app PASSWORD 'hunter2'",
        "ALTER USER app PASSWORD '[redacted]'",
    );
    check("パスワード：ひみつ2", "パスワード：[redacted]");
    check("secret: supersecretvalue", "secret: [redacted]");
    check(
        "auth=('me', 'hunter2'), x",
        "auth=('[redacted]', '[redacted]'), x",
    );
    check(
        "SecretKey=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "SecretKey=[redacted]",
    );
    check(
        "\"token\": {\"value\": \"abc\"}",
        "\"token\": {\"[redacted]\": \"[redacted]\"}",
    );
    check(
        "x-amz-signature=0123abcd&x=1",
        "x-amz-signature=[redacted]&x=1",
    );
    check("password: \"cut off here", "password: \"[redacted]");
}

#[test]
fn settings_and_requests_of_django_lose_their_secrets() {
    for (text, expected) in [
        (
            "SECRET_KEY = 'django-insecure-a#b$c'",
            "SECRET_KEY = '[redacted]'",
        ),
        ("password = hunter2", "password = [redacted]"),
        ("passwd:hunter2", "passwd:[redacted]"),
        ("\"password\":\"hunter2\"}", "\"password\":\"[redacted]\"}"),
        ("OPENAI_API_KEY=abc", "OPENAI_API_KEY=[redacted]"),
        (
            "AWS_SESSION_TOKEN=FwoG/aXIv+YXdz== x",
            "AWS_SESSION_TOKEN=[redacted] x",
        ),
        (
            "DATABASE_URL=postgres://u:p@h/d",
            "DATABASE_URL=postgres://[redacted]@h/d",
        ),
        ("{'card': 4111111111111111}", "{'card': [card]}"),
        (
            "User matching query: {'email': 'a.b@example.com'}",
            "User matching query: {'email': '[e-mail]'}",
        ),
        (
            "Key (email)=(taro@example.com) already exists.",
            "Key (email)=([e-mail]) already exists.",
        ),
        (
            "'csrfmiddlewaretoken': ['abc'], 'next': ['/']",
            "'csrfmiddlewaretoken': ['[redacted]'], 'next': ['/']",
        ),
        ("sessionid=abc123; path=/", "sessionid=[redacted]; path=/"),
        (
            "login(username='x', password=SecretStr('hunter2'))",
            "login(username='x', password=[redacted]))",
        ),
        (
            "token: 9944b09199c62bcf9418ad846dd0e4bb",
            "token: [redacted]",
        ),
        (
            "password:\thunter2\nnext: 1",
            "password:\t[redacted]\nnext: 1",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn headers_keep_their_scheme() {
    check(
        "Authorization: Bearer abc.def",
        "Authorization: Bearer [redacted]",
    );
    check(
        "authorization=Token abc user=1",
        "authorization=Token [redacted] user=1",
    );
    check(
        "'Authorization': 'Basic dXNlcg=='",
        "'Authorization': '[redacted]'",
    );
    check(
        "curl -H \"Authorization: Bearer abc\" x",
        "curl -H \"Authorization: Bearer [redacted]\" x",
    );
    check(
        "Authorization: Digest username=\"a\", response=\"b\"\nHost: x",
        "Authorization: Digest [redacted]\nHost: x",
    );
    check("sent Bearer abcdef123456 to", "sent Bearer [redacted] to");
    check(
        "Cookie: sessionid=abc; csrftoken=def\nHost: x",
        "Cookie: [redacted]\nHost: x",
    );
    check(
        "Proxy-Authorization: abc123def",
        "Proxy-Authorization: [redacted]",
    );
}

#[test]
fn user_information_goes_from_addresses() {
    check(
        "postgres://app:hunter2@db:5432/shop",
        "postgres://[redacted]@db:5432/shop",
    );
    check(
        "redis://:p@ss/w0rd@cache/0 x",
        "redis://[redacted]@cache/0 x",
    );
    check(
        "https://key@o1.ingest.example.com/2",
        "https://[redacted]@o1.ingest.example.com/2",
    );
    stays("https://example.com/@user/a:b");
    stays("s3://bucket/key");
    stays("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:x");
}

#[test]
fn addresses_of_people_and_cards_go() {
    check("no user taro.yamada+x@example.co.jp.", "no user [e-mail].");
    check("送信先はtaro@example.jpです", "送信先は[e-mail]です");
    check("?to=a%40example.com", "?to=[e-mail]");
    check("card 4111 1111 1111 1111 refused", "card [card] refused");
    check("32 4111-1111-1111-1111", "32 [card]");
    check(
        "{\"number\": \"5555555555554444\"}",
        "{\"number\": \"[card]\"}",
    );
    check("amex 3782 822463 10005", "amex [card]");
    check("378282246310005,", "[card],");
    check("3530111333300000", "[card]");
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "KeyError: 'token'",
        "JSONDecodeError: Unexpected token: line 1 column 2",
        "Invalid token: expired",
        "password authentication failed for user \"app\"",
        "token_count=3 max_tokens=4096",
        "basic authentication is required",
        "    conn = connect(user=user, password=password)",
        "    client(password=self.password, token=get_token())",
        "    password=settings.DB_PASSWORD,",
        "password=None token='' secret=\"\"",
        "password=******** token=${TOKEN} secret=%s",
        "PWD=/app/src",
        "secret: arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf",
        "order 4111111111111112 at 1795400000000",
        "4111111111111111aa 1.4111111111111111 a-4111111111111111",
        "id 40290812345678901234567890123456789012345678901234567890",
        "4111-1111-1111-1111-12ab",
        "2026-11-23 02:16:32.123 +0900",
        "sync_rates (booking/sync.py:88)",
        "v1:1cf0d28e12e9289741cd041d467ee616",
        "ecs/batch/1cf0d28e12e9289741cd041d467ee616",
        "@app.task def f(): git pull origin x@1.2.3",
        "The author: somebody; signature: missing",
        "authorization: denied",
    ] {
        stays(text);
    }
}

#[test]
fn the_users_patterns_come_first() {
    let pattern = Regex::new(r"RES-\d+").expect("valid");
    assert_eq!(
        Redactor::new(&[pattern]).text("RES-123 of a@example.com"),
        "[redacted] of [e-mail]"
    );
}

#[test]
fn few_random_numbers_are_taken_for_cards() {
    let mut state = 88_172_645_463_325_252_u64;
    let mut taken = 0;
    for _ in 0..5000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let number = format!("{:016}", state % 10_000_000_000_000_000);
        taken += usize::from(redacted(&number) != number);
    }
    assert!(taken < 150, "{taken} of 5000");
}

/// Each text is built from a piece that some pass could look at again and again: this would go on for hours if one
/// did.
#[test]
fn hostile_text_takes_linear_time() {
    for piece in [
        "token=",
        "token:",
        "${token=",
        "token(token=",
        "a@",
        "x://",
        "a://a",
        "password=\"",
        "\\",
        "token\\",
        "4111 ",
        "4111-1111-",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "token='',",
        "token=[",
        "bearer ",
        "a.",
        "token=a,a",
        "secret ",
        "password '",
        "('token',",
    ] {
        let text = piece.repeat(50_000 / piece.len());
        let longest = text.len() * REDACTED.len();
        assert!(redacted(&text).len() < longest, "{piece:?}");
    }
}

/// A secret with a way to write it down, in the places where programs print secrets.
pub(in crate::alert) fn planted() -> impl Strategy<Value = (String, String)> {
    let frames: &[&str] = &[
        "password={}",
        "password: {}",
        "'password': '{}'",
        "{\"client_secret\": \"{}\"}",
        "{\\\"passwd\\\":\\\"{}\\\"}",
        "<QueryDict: {'password': ['{}']}>",
        "token={}&page=1",
        "Authorization: Bearer {}",
        "'HTTP_AUTHORIZATION': 'Token {}'",
        "postgres://app:{}@db/shop",
        "https://{}@example.com/x",
        "(b'authorization', b'Basic {}')",
        "--api-key {}",
        "<secret>{}</secret>",
        "ghp_{}{}",
        "xoxb-1234-{}",
        "eyJhbGciOi.{}.{}",
        "AWS_SECRET_ACCESS_KEY={}",
        "Cookie: sessionid={}; a=b",
        "{}@example.com",
        "connect(password='{}', user='x')",
    ];
    let secret = "[A-Za-z][A-Za-z0-9]{14,30}[0-9]";
    (secret, prop::sample::select(frames)).prop_map(|(secret, frame)| {
        let text = frame.replace("{}", &secret);
        (secret, text)
    })
}

proptest! {
    #[test]
    fn a_planted_secret_never_survives(
        (secret, text) in planted(),
        before in "(\\PC{0,40}[ \n])?",
        after in "([ \n]\\PC{0,40})?",
    ) {
        let out = redacted(&format!("{before}{text}{after}"));
        prop_assert!(!out.contains(&secret), "{out}");
    }

    #[test]
    fn any_text_is_read(text in "(\\PC|[\"'\\\\=:@ \n]|token|password|://|[0-9]{4}){0,60}") {
        redacted(&text);
    }
}
