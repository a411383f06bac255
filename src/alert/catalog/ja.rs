//! Japanese.
//!
//! Numbers, exit codes, names and what programs print stay as they are; sentences are polite and end in `。`, titles
//! have no full stop.

use super::{Ending, Label, Reason, RunTold, Sentence, State, StormTold, Texts, names, thousands};
use crate::alert::{Migrations, Status};
use crate::detect::Note;
use crate::severity::Severity;
use crate::time::duration;

/// The texts in Japanese.
pub(super) struct Japanese;

impl Texts for Japanese {
    fn state(&self, state: State) -> &'static str {
        match state {
            State::Bad(severity) => self.severity(severity),
            State::Resolved => "復旧",
        }
    }

    fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Critical => "重大",
            Severity::Error => "エラー",
            Severity::Warning => "警告",
            Severity::Info => "情報",
        }
    }

    fn again(&self, status: Status) -> &'static str {
        match status {
            Status::Firing => "",
            Status::Repeat => "(再通知)",
            Status::Resolved => "(復旧)",
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Unnamed => "名前のない実行",
            Label::TimeUnknown => "時刻不明",
            Label::AnAlert | Label::Alert => "アラート",
            Label::NothingMore => "ほかに分かっていることはありません。",
            Label::ToldAgain => "再通知",
            Label::Lines => "ログ",
            Label::Show => "表示",
            Label::Console => "画面",
            Label::Runbook | Label::RunbookLink => "手順書",
            Label::Owner | Label::OwnerFact => "担当",
            Label::Started => "開始",
            Label::FirstSeen => "初回",
            Label::LastSeen => "最終",
            Label::ToSeeIt | Label::ToSeeThem => "確認するには:",
            Label::TheError => "エラー:",
            Label::TheTraceback => "トレースバックの末尾:",
            Label::Raised => "発生箇所",
            Label::LogGroup => "ロググループ",
            Label::LogStream => "ログストリーム",
            Label::GroupedBy => "分類の基準",
            Label::LogLines => "ログを見る",
            Label::LogsInsights => "Logs Insights",
            Label::ReadLines => "ログを読む",
            Label::QueryLines => "ログを検索する",
            Label::FollowRunbook => "手順書に従う",
            Label::TestTitle => "テスト通知: logq からここまで届いています",
            Label::TestSummary => "障害は起きていません。logq に送信テストが依頼されました。",
        }
    }

    fn duration(&self, millis: i64) -> String {
        length(millis)
    }

    fn listed(&self, names: &[String], more: usize) -> String {
        match more {
            0 => names.join("、"),
            more => format!("{} ほか {more} 件", names.join("、")),
        }
    }

    fn gap(&self) -> &'static str {
        ""
    }

    fn run(&self, run: &RunTold<'_>, ending: &Ending<'_>) -> String {
        let name = run.name;
        let why = colon(run.why);
        let again = run.again.map(|times| format!("また({times} 回連続で)"));
        let again = again.unwrap_or_default();
        let after = run.took.map(|took| format!("{}後に", length(took)));
        let after = after.unwrap_or_default();
        let took = run.took.map(|took| format!("(所要時間 {})", length(took)));
        let took = took.unwrap_or_default();
        match ending {
            Ending::Succeeded => format!("{name} は成功しました{took}"),
            Ending::Migrated(migrations) => {
                format!("{name} は{}{took}", done(self, migrations))
            }
            Ending::Errored(errors) => {
                let errors = thousands(*errors);
                format!(
                    "{name} は{again}{after}終了しましたが、エラーを {errors} 件記録しました{why}"
                )
            }
            Ending::NeverStarted => format!("{name} は{again}起動できませんでした{why}"),
            Ending::Failed(at) => {
                let at = at.map(|at| format!(" {at} で")).unwrap_or_default();
                format!("{name} は{again}{after}{at}失敗しました{why}")
            }
            Ending::Other(outcome) => {
                let outcome = outcome_word(outcome);
                format!("{name} は{again}{after}終了しました: 結果は{outcome}です")
            }
            Ending::Unknown => format!("{name} は{again}{after}終了しました"),
        }
    }

    fn works_again(&self, name: &str, failures: u64) -> String {
        format!("{name} は復旧しました(失敗 {} 回の後)", thousands(failures))
    }

    fn error(&self, status: Status, occurrences: u64, service: Option<&str>, what: &str) -> String {
        let place = service.map(|service| format!("{service} で"));
        let place = place.unwrap_or_default();
        match status {
            Status::Firing => format!("{place}新しいエラー: {what}"),
            Status::Repeat => format!("{place}{} 回発生: {what}", thousands(occurrences)),
            Status::Resolved => format!("{place}発生しなくなりました: {what}"),
        }
    }

    fn raised(&self, what: &str, culprit: &str) -> String {
        format!("{what}、発生箇所 {culprit}")
    }

    fn reason(&self, reason: &Reason<'_>) -> String {
        let coded = |what: &str, code: Option<i64>| match code {
            Some(code) => format!("{what}(終了コード {code})"),
            None => what.to_owned(),
        };
        match *reason {
            Reason::OutOfMemory(code) => coded("メモリ不足で強制終了", code),
            Reason::Spot(code) => coded("Fargate Spot の容量が回収された", code),
            Reason::Stopped(code, "") => coded("停止された", code),
            Reason::Stopped(code, said) => format!("{}: {said}", coded("停止された", code)),
            Reason::Signal(Some(signal), code) => coded(&format!("{signal} で強制終了"), code),
            Reason::Signal(None, code) => coded("シグナルで強制終了", code),
            Reason::Code(code) => format!("終了コード {code}、ログに原因の記録なし"),
        }
    }

    fn sentence(&self, sentence: &Sentence<'_>) -> String {
        match *sentence {
            Sentence::Migrations(migrations) => state(self, migrations),
            Sentence::ExitCode(code) => format!("終了コードは {code} です。"),
            Sentence::Note(note) => noted(note),
            Sentence::LastRun(Some(took)) => {
                format!("最後の実行の所要時間は{}でした。", length(took))
            }
            Sentence::LastRun(None) => "最後の実行の所要時間は不明です。".to_owned(),
            Sentence::Counted {
                is_logged,
                occurrences,
                span,
                suppressed,
            } => counted(is_logged, occurrences, span, suppressed),
            Sentence::LoggedBy(place) => format!("記録元は {place} です。"),
            Sentence::Errors(errors) => {
                format!("エラーを {} 件記録しました。", thousands(errors))
            }
            Sentence::LogLines(0) => "ログの出力はありませんでした。".to_owned(),
            Sentence::LogLines(lines) => {
                format!("ログを {} 行出力しました。", thousands(lines))
            }
            Sentence::LastWell(at) => format!("最後に成功したのは {at} です。"),
            Sentence::Silenced(times, "") => {
                format!("通知の停止中に {} 回発生しました。", thousands(times))
            }
            Sentence::Silenced(times, reason) => {
                let times = thousands(times);
                format!("通知の停止中({reason})に {times} 回発生しました。")
            }
        }
    }

    fn storm(&self, storm: &StormTold<'_>) -> String {
        let place = match storm.stage {
            "" => String::new(),
            stage => format!("{stage} で"),
        };
        format!(
            "{place}アラートが集中: {}に {} 件、発生は合計 {} 回",
            length(storm.span),
            thousands(storm.alerts),
            thousands(storm.occurrences)
        )
    }

    fn storm_summary(&self, worst: Severity) -> String {
        format!(
            "個別の通知は送られません。すべて数えられており、失われたものはありません。最も重いものは{}です。",
            self.severity(worst)
        )
    }

    fn other_kinds(&self, count: u64) -> String {
        format!("ほか {} 種類", thousands(count))
    }

    fn span(&self, since: &str, until: &str) -> String {
        format!("{since} から {until}")
    }

    fn signature(&self, zone: Option<&str>, id: &str, rule: &str) -> String {
        let zone = zone.map(|zone| format!("時刻は {zone} です。"));
        let zone = zone.unwrap_or_default();
        format!("{zone}アラート {id}、ルール {rule}。")
    }

    fn characters_cut(&self, count: u64) -> String {
        format!("[{} 文字省略]", thousands(count))
    }

    fn cut_here(&self, command: &str) -> String {
        format!("[以下省略。すべて見るには: {command}]")
    }

    fn lines_before(&self, count: usize) -> String {
        format!("[前に {count} 行]")
    }

    fn details_of(&self, title: &str) -> String {
        format!("詳細: {title}")
    }
}

/// Returns what a run did to the schema.
fn done(texts: &Japanese, migrations: &Migrations) -> String {
    let (applied, unapplied) = (&migrations.applied, &migrations.unapplied);
    match (applied.is_empty(), unapplied.is_empty()) {
        (true, true) => "適用するものがありませんでした".to_owned(),
        (false, true) => format!(" {} を適用しました", names(texts, applied)),
        (true, false) => format!(" {} を取り消しました", names(texts, unapplied)),
        (false, false) => format!(
            " {} を適用し、{} を取り消しました",
            names(texts, applied),
            names(texts, unapplied)
        ),
    }
}

fn state(texts: &Japanese, migrations: &Migrations) -> String {
    let mut parts = Vec::new();
    if !migrations.applied.is_empty() {
        parts.push(format!("適用済み: {}", names(texts, &migrations.applied)));
    }
    if !migrations.unapplied.is_empty() {
        parts.push(format!(
            "取り消し済み: {}",
            names(texts, &migrations.unapplied)
        ));
    }
    match &migrations.failed {
        Some(failed) if parts.is_empty() => {
            parts.push(format!("何も適用されないうちに {failed} が失敗しました"));
        }
        Some(failed) => parts.push(format!("失敗: {failed}")),
        None => {}
    }
    format!("{}。", parts.join("、"))
}

fn counted(is_logged: bool, occurrences: u64, span: i64, suppressed: u64) -> String {
    let what = if is_logged {
        "記録され"
    } else {
        "発生し"
    };
    let said = format!("{}に {} 回{what}", length(span), thousands(occurrences));
    match suppressed {
        0 => format!("{said}ました。"),
        more => format!(
            "{said}、そのうち前回の通知以降の {} 回は個別に通知していません。",
            thousands(more)
        ),
    }
}

fn noted(note: &Note) -> String {
    match note {
        Note::MigrationNotApplied => {
            "マイグレーションが適用されていないのに、タスクは終了コード 0 で終わりました。"
                .to_owned()
        }
        Note::CrashHidden(error) => {
            format!(
                "タスク内のコマンドが異常終了しましたが({error})、タスクの終了コードは 0 です。"
            )
        }
        Note::OthersWentOn(error) => {
            format!(
                "タスク内のコマンドが異常終了しましたが({error})、ほかのコマンドは続行しました。"
            )
        }
    }
}

fn outcome_word(outcome: &str) -> &str {
    match outcome {
        "running" => "実行中",
        "unknown" => "不明",
        other => other,
    }
}

/// Returns a length of time: the same two units that English names.
fn length(millis: i64) -> String {
    let said = duration::human(millis);
    let mut words = said.split(' ');
    let mut out = String::new();
    while let (Some(count), Some(unit)) = (words.next(), words.next()) {
        let unit = match unit {
            "d" => "日",
            "h" => "時間",
            "min" => "分",
            "s" => "秒",
            "ms" => "ミリ秒",
            other => other,
        };
        out.extend([count, unit]);
    }
    out
}

fn colon(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
