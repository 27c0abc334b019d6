//! The command line. Help, manual and completions are made from this table.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::clock;
use crate::import::KeepArtifacts;
use crate::insight::Field;
use crate::model::{AsOf, Basis, Moment, NoteSubject, Origin, Severity, TaskId};
use crate::trust::Distrusted;

/// Offline audit and forensics for the Taskcluster Chain of Trust.
///
/// Import captured evidence into a case file; from then on everything is offline: replay the verification with the keys
/// and rules of any moment, and see what holds, what does not, and what is missing.
#[derive(Debug, Parser)]
#[command(name = "cotrace", version, after_long_help = EXIT_CODES)]
pub(super) struct Cli {
    /// The case file: one SQLite file with all evidence, keys and facts.
    #[arg(long, global = true, env = "COTRACE_CASE", value_name = "FILE")]
    pub(super) case: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, every target verified; 1 the tool failed; 2 wrong command line; 3 nothing to replay; \
10 undetermined; 11 refuted; 12 an audit finding of the severity that --fail-on names.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Import(ImportArgs),
    #[command(visible_alias = "verify")]
    Replay(ReplayArgs),
    WhatIf(WhatIfArgs),
    Tasks(TasksArgs),
    Show(ShowArgs),
    Cat(CatArgs),
    Find(FindArgs),
    /// Tell which tasks rest on a task, however far away: what is in doubt if that one is.
    ///
    /// It goes by the definitions of all snapshots. What nobody captured may rest on it too.
    ///
    /// Examples:
    ///   cotrace --case review.sqlite dependants DECISION_ID --limit 20
    ///   cotrace --case review.sqlite dependants TASK_ID --origin input --origin upstream-artifacts
    ///   cotrace --case review.sqlite dependants TASK_ID --format json
    #[command(verbatim_doc_comment)]
    Dependants(WalkArgs),
    /// Tell which tasks a task rests on, however far away.
    ///
    /// It goes by the definitions of all snapshots, and ends where one was not captured, which it says. It is no chain:
    /// that has the links alone that a verifier follows, and `replay` tells it.
    ///
    /// Examples:
    ///   cotrace --case review.sqlite ancestors TASK_ID
    ///   cotrace --case review.sqlite ancestors TASK_ID --origin dependency --format json
    #[command(verbatim_doc_comment)]
    Ancestors(WalkArgs),
    Why(WhyArgs),
    Gaps(GapsArgs),
    Note(NoteArgs),
    Notes(NotesArgs),
    /// Tell what rule books there are, what they say, and in what they differ.
    ///
    /// A book is named `signatures`, `latest`, by a release of scriptworker, or by a file of your own (with a / or .json).
    ///
    /// Examples:
    ///   cotrace rules list
    ///   cotrace rules show 12.0.0 --product firefox
    ///   cotrace rules diff 11.1.0 12.0.0
    ///   cotrace rules show latest --format json
    #[command(subcommand, verbatim_doc_comment)]
    Rules(RulesCommand),
    VerifyCot(VerifyCotArgs),
    Tui(TuiArgs),
    /// Tell what the case knows of keys: who was trusted for what, when, and on whose word.
    ///
    /// Examples:
    ///   cotrace --case review.sqlite keys list
    ///   cotrace --case review.sqlite keys list --role scriptworker --format json
    ///   cotrace --case review.sqlite keys show FAD6F73E
    ///   cotrace --case review.sqlite keys timeline --as-of 2017-06-02 --ascii --width 100
    ///   cotrace --case review.sqlite keys audit
    #[command(subcommand, verbatim_doc_comment)]
    Keys(KeysCommand),
    /// Look after the case file itself.
    ///
    /// Examples:
    ///   cotrace --case review.sqlite case info
    ///   cotrace --case review.sqlite case verify
    ///   cotrace --case review.sqlite case log
    #[command(subcommand, verbatim_doc_comment)]
    Case(CaseCommand),
    Explain(ExplainArgs),
    Completions(CompletionsArgs),
    /// Print the manual page of cotrace and its subcommands.
    ///
    /// Examples:
    ///   cotrace man
    #[command(verbatim_doc_comment)]
    Man,
}

/// Import captures into the case file, which is made if there is none.
///
/// A capture is a directory of evidence (capture-v1): task definitions, statuses, artifacts, sources, keys. What can't
/// be read is set aside with the reason; importing the same capture again changes nothing.
///
/// Examples:
///   cotrace --case review.sqlite import snapshots/nightly-2026
///   cotrace --case review.sqlite import snapshots/nightly-2017 --accept-keys --operator "J. Doe"
///   cotrace --case review.sqlite import snapshots/nightly-2017 --accept-keys --replay
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ImportArgs {
    /// Capture directories; several at once are several snapshots.
    #[arg(required = true, value_name = "CAPTURE")]
    pub(super) captures: Vec<PathBuf>,
    /// Accept the keys that the captures bring: without this they are evidence, and trusted by nobody.
    #[arg(long)]
    pub(super) accept_keys: bool,
    /// Who imports, and accepts keys; kept in the case file. Without it, the name of the login.
    #[arg(long, value_name = "NAME", env = "COTRACE_OPERATOR")]
    pub(super) operator: Option<String>,
    /// Which artifact contents to keep; digests and sizes are always kept.
    #[arg(long, value_enum, default_value_t = Keep::Evidence, value_name = "WHICH")]
    pub(super) keep_artifacts: Keep,
    /// Replay every task of the case when the import is done, as `cotrace replay --all` does.
    #[arg(long)]
    pub(super) replay: bool,
}

/// What `--keep-artifacts` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Keep {
    /// None.
    None,
    /// What verification reads: attestations, graphs, parameters, actions, logs.
    Evidence,
    /// All.
    All,
}

impl From<Keep> for KeepArtifacts {
    fn from(keep: Keep) -> Self {
        match keep {
            Keep::None => Self::None,
            Keep::Evidence => Self::Evidence,
            Keep::All => Self::All,
        }
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: schema/report-v1.json.
    Json,
}

/// Replay the verification of tasks, offline, from the case file.
///
/// Every check is made for every link of a target's chain back to the tree. A verdict is verified, refuted or
/// undetermined; missing evidence never gives verified.
///
/// Examples:
///   cotrace --case review.sqlite replay --all
///   cotrace --case review.sqlite replay --all --as-of 2017-07-01 --format json
///   cotrace --case review.sqlite replay --all --distrust worker:signing-linux-12@2017-06-01 --known-as-of now
///   cotrace --case review.sqlite verify --all --fail-on high
///   cotrace --case review.sqlite replay --all --rules 5.1.4 --against 12.0.0
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ReplayArgs {
    /// The targets.
    #[arg(value_name = "TASK_ID", required_unless_present = "all", conflicts_with = "all")]
    pub(super) targets: Vec<TaskId>,
    /// Every task that has or needs an attestation.
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) judgement: JudgementArgs,
    /// How to write the report.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
    /// Show the whole chain of every target, also with --all.
    #[arg(long)]
    pub(super) chains: bool,
    /// Exit with 12 if there is an audit finding of this severity or worse.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// Show what these rules make of the same targets, and where their verdicts differ. The exit code is then theirs.
    #[arg(long, value_name = "RULES", conflicts_with = "fail_on")]
    pub(super) against: Option<String>,
}

/// Tell which verdicts another moment, or something distrusted, would change.
///
/// All targets are judged as replay judges them, and then as if: nothing is examined again, and only the targets that the
/// change can touch are judged again. The exit code is that of replay, of the verdicts as they would be.
///
/// Examples:
///   cotrace --case review.sqlite what-if --distrust-also key:FAD6F73E@2018-03-01
///   cotrace --case review.sqlite what-if --judged-at 2019-01-01 --judged-at now
///   cotrace --case review.sqlite what-if --distrust-also worker:signing-linux-12 --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct WhatIfArgs {
    /// The targets; without any, every task that has or needs an attestation.
    #[arg(value_name = "TASK_ID")]
    pub(super) targets: Vec<TaskId>,
    /// What would be distrusted as well, as of --distrust.
    #[arg(long, value_name = "KIND:NAME[@MOMENT]", required_unless_present = "judged_at")]
    pub(super) distrust_also: Vec<Distrusted>,
    /// The moment at which all would be judged, as of --as-of; of several, each is told.
    #[arg(long, value_name = "MOMENT", value_parser = parse_as_of)]
    pub(super) judged_at: Vec<AsOf>,
    #[command(flatten)]
    pub(super) judgement: JudgementArgs,
    /// The most changed targets that are told of each question.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(super) limit: usize,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// See the case on the terminal: tasks, chains and keys, and the verdicts as the moment of judgement moves.
///
/// `?` tells the keys of each screen, `!` the command line that prints the same, `q` leaves. What is changed here (the moment,
/// what is distrusted) changes nothing in the case file; notes are kept in it.
///
/// Examples:
///   cotrace --case review.sqlite tui
///   cotrace --case review.sqlite tui --rules 12.0.0 --as-of 2018-08-15
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct TuiArgs {
    #[command(flatten)]
    pub(super) judgement: JudgementArgs,
    /// Draw with ASCII characters alone. So it does where the locale is not UTF-8.
    #[arg(long)]
    pub(super) ascii: bool,
    /// Who writes notes; kept in the case file. Without it, the name of the login.
    #[arg(long, value_name = "NAME", env = "COTRACE_OPERATOR")]
    pub(super) operator: Option<String>,
    /// Press these keys and write the screen as a picture (SVG) instead of showing it.
    #[arg(long, value_name = "KEYS", hide = true)]
    pub(super) picture: Option<String>,
    /// Columns and rows of the picture.
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "120x40", value_parser = parse_size, hide = true)]
    pub(super) size: (u16, u16),
}

fn parse_size(text: &str) -> Result<(u16, u16), String> {
    let parse = |(width, height): (&str, &str)| Some((width.parse().ok()?, height.parse().ok()?));
    let size = text.split_once('x').and_then(parse).filter(|size: &(u16, u16)| size.0 <= 500 && size.1 <= 500);
    size.ok_or_else(|| "not COLUMNSxROWS, at most 500x500".to_owned())
}

/// `cotrace rules`.
#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// List the rule books: release, when it was tagged, whether its code was read in full, its products.
    List(RulesListArgs),
    /// Show what a rule book says; as JSON, it is a file that --rules takes.
    Show(RulesShowArgs),
    /// Show in what two rule books differ.
    Diff(RulesDiffArgs),
}

/// What `cotrace rules list` takes.
#[derive(Debug, Args)]
pub(super) struct RulesListArgs {
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What `cotrace rules show` takes.
#[derive(Debug, Args)]
pub(super) struct RulesShowArgs {
    /// The rule book.
    #[arg(value_name = "BOOK")]
    pub(super) book: String,
    /// Only this product's tables.
    #[arg(long, value_name = "PRODUCT")]
    pub(super) product: Option<String>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What `cotrace rules diff` takes.
#[derive(Debug, Args)]
pub(super) struct RulesDiffArgs {
    /// The rule book that lines with `-` are of.
    #[arg(value_name = "OLD")]
    pub(super) old: String,
    /// The rule book that lines with `+` are of.
    #[arg(value_name = "NEW")]
    pub(super) new: String,
    /// Only this product's tables.
    #[arg(long, value_name = "PRODUCT")]
    pub(super) product: Option<String>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// Verify one task with the flags of scriptworker's own `verify_cot`, on the case file.
///
/// Signatures are always checked, and nothing is left behind that --cleanup could remove. The exit code is that of replay.
///
/// Examples:
///   cotrace --case review.sqlite verify-cot --task-type signing --cleanup -- TASK_ID
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct VerifyCotArgs {
    /// The task.
    #[arg(value_name = "TASK_ID")]
    pub(super) task_id: TaskId,
    /// Its task type.
    #[arg(long, value_name = "TYPE")]
    pub(super) task_type: String,
    /// The product whose tables apply.
    #[arg(long, value_name = "PRODUCT", default_value = "firefox")]
    pub(super) cot_product: String,
    /// Judge the task as about to run: its own attestation is not looked at.
    #[arg(long)]
    pub(super) no_check_task: bool,
    /// Taken for the old command's sake: signatures are always checked.
    #[arg(long)]
    pub(super) verify_sigs: bool,
    /// Taken for the old command's sake: there is nothing to clean up.
    #[arg(long)]
    pub(super) cleanup: bool,
    /// Taken for the old command's sake: everything is told.
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// The rules, as of replay.
    #[arg(long, value_name = "RULES")]
    pub(super) rules: Option<String>,
}

/// What a judgement depends on beyond the evidence.
#[derive(Debug, Args)]
pub(super) struct JudgementArgs {
    /// The moment of judgement: `then` (when the target was judged), a date, which means 00:00:00Z of that day, an instant
    /// with its offset, or `now`.
    #[arg(long, value_name = "MOMENT", default_value = "then", value_parser = parse_as_of)]
    pub(super) as_of: AsOf,
    /// The moment at which keys must be alive and in force; without it, that of --as-of.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) keys_as_of: Option<Moment>,
    /// The moment whose algorithms count; without it, that of --as-of.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) policy_as_of: Option<Moment>,
    /// The moment whose knowledge of revocations counts; without it, that of --as-of.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) known_as_of: Option<Moment>,
    /// Distrust something, from a moment on or always: `key:`, `worker:`, `pool:`, `task:`, `image:` or `tree:` and its
    /// name, `@` and the moment. May be given several times.
    #[arg(long, value_name = "KIND:NAME[@MOMENT]")]
    pub(super) distrust: Vec<Distrusted>,
    /// The bases of trust that count; without it, all.
    #[arg(long, value_name = "BASES", value_delimiter = ',', value_enum)]
    pub(super) trust: Vec<TrustBasis>,
    /// The rules: `then` (those of the release that judged the target when it ran), `latest`, a release of scriptworker such
    /// as 12.0.0, `signatures` (cotrace's own, which asks for no trees), or a file. `cotrace rules list` tells them.
    #[arg(long, value_name = "RULES")]
    pub(super) rules: Option<String>,
    /// The targets' task type, where the evidence does not settle it.
    #[arg(long, value_name = "TYPE")]
    pub(super) task_type: Option<String>,
    /// The product whose tables apply, where the evidence does not settle it: one of the rule book's.
    #[arg(long, visible_alias = "cot-product", value_name = "PRODUCT")]
    pub(super) product: Option<String>,
    /// The snapshot to judge in, by the beginning of its digest; without it, the newest that has the target.
    #[arg(long, value_name = "DIGEST", conflicts_with = "union")]
    pub(super) snapshot: Option<String>,
    /// Join all snapshots of the case; where several have something, the newest counts, and different bytes for a thing
    /// that never changes are a finding.
    #[arg(long)]
    pub(super) union: bool,
    /// Judge the targets as about to run: their own attestations are not looked at.
    #[arg(long)]
    pub(super) no_check_task: bool,
}

impl Default for JudgementArgs {
    /// What nobody asked for otherwise.
    fn default() -> Self {
        Self {
            as_of: AsOf::Then,
            keys_as_of: None,
            policy_as_of: None,
            known_as_of: None,
            distrust: Vec::new(),
            trust: Vec::new(),
            rules: None,
            task_type: None,
            product: None,
            no_check_task: false,
            snapshot: None,
            union: false,
        }
    }
}

impl JudgementArgs {
    /// The arguments again, but for the moment, the clocks and what is distrusted.
    pub(super) fn lasting(&self) -> Vec<String> {
        let mut arguments: Vec<String> = Vec::new();
        let trust: Vec<&str> = self.trust.iter().map(|basis| Basis::from(*basis).word()).collect();
        let trust = (!trust.is_empty()).then(|| trust.join(","));
        for (name, value) in [
            ("--rules", &self.rules),
            ("--trust", &trust),
            ("--task-type", &self.task_type),
            ("--product", &self.product),
            ("--snapshot", &self.snapshot),
        ] {
            if let Some(value) = value {
                arguments.extend([name.to_owned(), value.clone()]);
            }
        }
        for (name, is_set) in [("--union", self.union), ("--no-check-task", self.no_check_task)] {
            if is_set {
                arguments.push(name.to_owned());
            }
        }
        arguments
    }
}

fn parse_as_of(text: &str) -> Result<AsOf, crate::model::InvalidMoment> {
    if text == "then" { Ok(AsOf::Then) } else { parse_moment(text).map(AsOf::At) }
}

fn parse_moment(text: &str) -> Result<Moment, crate::model::InvalidMoment> {
    if text == "now" { Ok(clock::now()) } else { text.parse() }
}

/// What `--trust` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TrustBasis {
    /// The key ledgers that ship with cotrace.
    Builtin,
    /// Key repositories, as far as trusted signers signed them.
    Repository,
    /// What an operator accepted.
    Operator,
}

impl From<TrustBasis> for Basis {
    fn from(basis: TrustBasis) -> Self {
        match basis {
            TrustBasis::Builtin => Self::Builtin,
            TrustBasis::Repository => Self::Repository,
            TrustBasis::Operator => Self::Operator,
        }
    }
}

/// What `--fail-on` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Any finding.
    Info,
    /// Low or worse.
    Low,
    /// Medium or worse.
    Medium,
    /// High.
    High,
}

impl From<FailOn> for Severity {
    fn from(severity: FailOn) -> Self {
        match severity {
            FailOn::Info => Self::Info,
            FailOn::Low => Self::Low,
            FailOn::Medium => Self::Medium,
            FailOn::High => Self::High,
        }
    }
}

/// List the tasks of the case, each with its verdict; of those that were not judged, since they have no attestation and
/// need none, that is `-`.
///
/// A FILTER has terms, and all must hold. A word stands somewhere in label, name or task id. FIELD:VALUE is a field of this
/// value (type, kind, state, tree, verdict, reason) or of this beginning (task, label, name, worker, pool, key; of a key
/// also its end), FIELD~TEXT one with this text in it, whatever the case; after: and before: take moments, has: a field,
/// or note. A `-` in front turns a term round. Of several with `:` on one field, one must hold. Quotes go around blanks.
///
/// Examples:
///   cotrace --case review.sqlite tasks
///   cotrace --case review.sqlite tasks type:signing type:beetmover 'linux64 -label~esr'
///   cotrace --case review.sqlite tasks verdict:refuted tree:mozilla-beta --sort created --reverse
///   cotrace --case review.sqlite tasks --limit 5 --format json -- -worker:mac after:2017-06-01
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct TasksArgs {
    /// Terms that the tasks must fit, in one argument or in several; without any, all tasks. An argument that begins with
    /// a `-` stands after `--`.
    #[arg(value_name = "FILTER")]
    pub(super) filter: Vec<String>,
    /// What to sort by, then by task id. Tasks of which it is not known come last.
    #[arg(long, value_name = "COLUMN", default_value = "task", value_parser = column())]
    pub(super) sort: Field,
    /// Sort the other way round.
    #[arg(long)]
    pub(super) reverse: bool,
    /// The most tasks to list; all are counted.
    #[arg(long, value_name = "NUMBER")]
    pub(super) limit: Option<usize>,
    #[command(flatten)]
    pub(super) judgement: JudgementArgs,
    /// How to write the list.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What `--sort` takes.
fn column() -> impl TypedValueParser<Value = Field> {
    let words = PossibleValuesParser::new(Field::ALL.map(Field::word));
    words.map(|word| Field::ALL.into_iter().find(|field| field.word() == word).unwrap_or(Field::Task))
}

/// Show all that the case knows of one task: definition, runs, artifacts, attestation, chain, findings.
///
/// Examples:
///   cotrace --case review.sqlite show TASK_ID
///   cotrace --case review.sqlite show DECISION_ID --rebuild
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ShowArgs {
    /// The task.
    #[arg(value_name = "TASK_ID")]
    pub(super) task_id: TaskId,
    /// Show how the definition of a decision or action task is rebuilt from its tree: template, variables, result, and in
    /// what that differs.
    #[arg(long)]
    pub(super) rebuild: bool,
    #[command(flatten)]
    pub(super) judgement: JudgementArgs,
}

/// Write the bytes of an artifact, a definition or any other document of the case.
///
/// To a pipe or file the bytes go as they are; to a terminal, control characters are shown as escapes.
///
/// Examples:
///   cotrace --case review.sqlite cat TASK_ID public/chain-of-trust.json
///   cotrace --case review.sqlite cat TASK_ID definition.json
///   cotrace --case review.sqlite cat SHA256 --as hex
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct CatArgs {
    /// A task, or the SHA-256 of a document.
    #[arg(value_name = "TASK_ID|SHA256")]
    pub(super) what: String,
    /// An artifact's name; or definition.json or status.json.
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
    /// The run of the artifact; without it, the latest.
    #[arg(long, value_name = "NUMBER")]
    pub(super) run: Option<u32>,
    /// The form to show it in.
    #[arg(long = "as", value_enum, default_value_t = CatForm::Raw, value_name = "FORM")]
    pub(super) form: CatForm,
}

/// Find where something occurs: who states it, made it, consumed it.
///
/// Examples:
///   cotrace --case review.sqlite find ./target.zip
///   cotrace --case review.sqlite find sha256:SHA256
///   cotrace --case review.sqlite find target.zip --format json
///   cotrace --case review.sqlite find key:FAD6
///   cotrace --case review.sqlite find worker:signing-linux-12
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct FindArgs {
    /// A file on this machine, by its bytes; `sha256:` and a digest; an artifact's name or its last part, with `*` for
    /// anything; `key:` and the beginning or end of a key; `worker:` and a worker or worker group.
    #[arg(value_name = "WHAT")]
    pub(super) what: String,
    /// How to write what was found.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// Tell why a task rests on another, or on its tree: over how many paths, and which are the shortest.
///
/// It goes by the definitions of all snapshots. A path comes to no task twice. Where tasks on the way rest on each other in a
/// cycle, only the shortest paths are counted.
///
/// Examples:
///   cotrace --case review.sqlite why TASK_ID
///   cotrace --case review.sqlite why TASK_ID DECISION_ID --limit 3
///   cotrace --case review.sqlite why TASK_ID --origin input --origin parent --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct WhyArgs {
    /// The task.
    #[arg(value_name = "TASK_ID")]
    pub(super) task_id: TaskId,
    /// The other task, whichever of the two rests on the other; without it, all tasks at which the captured evidence ends:
    /// those that rest on nothing, such as decision tasks, and those of which nobody knows.
    #[arg(value_name = "OTHER_ID")]
    pub(super) other: Option<TaskId>,
    /// Only over edges that stand in this place of a definition; may be given several times. Without it, over all.
    #[arg(long, value_enum, value_name = "ORIGIN")]
    pub(super) origin: Vec<EdgeOrigin>,
    /// The most paths to tell, the shortest first, 1000 at most; all are counted.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(super) limit: usize,
    /// How to write what was found.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What `cotrace dependants` and `cotrace ancestors` take.
#[derive(Debug, Args)]
pub(super) struct WalkArgs {
    /// The task.
    #[arg(value_name = "TASK_ID")]
    pub(super) task_id: TaskId,
    /// Only over edges that stand in this place of a definition; may be given several times. Without it, over all.
    #[arg(long, value_enum, value_name = "ORIGIN")]
    pub(super) origin: Vec<EdgeOrigin>,
    /// The most tasks to list, the nearest first; all are counted.
    #[arg(long, value_name = "NUMBER")]
    pub(super) limit: Option<usize>,
    /// How to write what was found.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What `--origin` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EdgeOrigin {
    /// `extra.parent`.
    Parent,
    /// `taskGroupId`, where there is no `extra.parent`.
    TaskGroup,
    /// `extra.chainOfTrust.inputs`.
    Input,
    /// `payload.upstreamArtifacts`.
    UpstreamArtifacts,
    /// `dependencies`: for scheduling, never part of a chain.
    Dependency,
}

impl From<EdgeOrigin> for Origin {
    fn from(origin: EdgeOrigin) -> Self {
        match origin {
            EdgeOrigin::Parent => Self::Parent,
            EdgeOrigin::TaskGroup => Self::TaskGroup,
            EdgeOrigin::Input => Self::Input,
            EdgeOrigin::UpstreamArtifacts => Self::UpstreamArtifacts,
            EdgeOrigin::Dependency => Self::Dependency,
        }
    }
}

/// Tell what evidence is missing, for which checks, and where it could be fetched.
///
/// Examples:
///   cotrace --case review.sqlite gaps
///   cotrace --case review.sqlite gaps TASK_ID --format urls
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct GapsArgs {
    /// The targets; without any, every task that has or needs an attestation.
    #[arg(value_name = "TASK_ID")]
    pub(super) targets: Vec<TaskId>,
    #[command(flatten)]
    pub(super) judgement: JudgementArgs,
    /// How to write what is missing.
    #[arg(long, value_enum, default_value_t = GapsFormat::Text, value_name = "FORMAT")]
    pub(super) format: GapsFormat,
}

/// Note something on a task, a key or a finding: a text, tags, a standing. It is kept in the case file, with an entry in the
/// custody log, and told in reports; no verdict changes.
///
/// SUBJECT is task:ID; key: and the whole name of a key; or finding: and code, plane, kind of subject, task, run and name of
/// a finding as the JSON report has them, with a `:` between; what it does not have stays empty.
///
/// Examples:
///   cotrace --case review.sqlite note task:TASK_ID "Who asked for this one?" --tag todo --bookmark
///   cotrace --case review.sqlite note finding:key-expired:rule:signature:TASK_ID:0 "bug 1374321" --accepted
///   cotrace --case review.sqlite note --withdraw 1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct NoteArgs {
    /// What it is about.
    #[arg(value_name = "SUBJECT", required_unless_present = "withdraw", conflicts_with = "withdraw")]
    pub(super) subject: Option<NoteSubject>,
    /// What there is to say.
    #[arg(value_name = "TEXT", conflicts_with = "withdraw")]
    pub(super) text: Option<String>,
    /// A tag; may be given several times.
    #[arg(long, value_name = "TAG", conflicts_with = "withdraw")]
    pub(super) tag: Vec<String>,
    #[command(flatten)]
    pub(super) standing: StandingArgs,
    /// Withdraw the note of this number: it stays in the case, and no longer counts.
    #[arg(long, value_name = "NUMBER")]
    pub(super) withdraw: Option<i64>,
    /// Who says so; kept in the case file. Without it, the name of the login.
    #[arg(long, value_name = "NAME", env = "COTRACE_OPERATOR")]
    pub(super) operator: Option<String>,
}

/// How an operator stands to what a note is about.
#[derive(Debug, Args)]
#[group(multiple = false, conflicts_with = "withdraw")]
pub(super) struct StandingArgs {
    /// It is to be come back to.
    #[arg(long)]
    pub(super) bookmark: bool,
    /// It was looked at.
    #[arg(long)]
    pub(super) reviewed: bool,
    /// It is so, and is taken as it is; the text says why.
    #[arg(long)]
    pub(super) accepted: bool,
    /// It is not so; the text says why.
    #[arg(long = "false")]
    pub(super) is_false: bool,
}

/// List what was noted in the case.
///
/// Examples:
///   cotrace --case review.sqlite notes
///   cotrace --case review.sqlite notes task:TASK_ID --format json
///   cotrace --case review.sqlite notes --search bug --tag todo --withdrawn
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct NotesArgs {
    /// What the notes are about, as `cotrace note` takes it; without it, everything.
    #[arg(value_name = "SUBJECT")]
    pub(super) subject: Option<NoteSubject>,
    /// Only notes with this in their text, subject or tags, whatever the case.
    #[arg(long, value_name = "TEXT")]
    pub(super) search: Option<String>,
    /// Only notes with this tag; of several, with all of them.
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Vec<String>,
    /// Also notes that were withdrawn.
    #[arg(long)]
    pub(super) withdrawn: bool,
    /// How to write them.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What `gaps --format` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GapsFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// The addresses alone, one a line.
    Urls,
}

/// What `cat --as` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CatForm {
    /// The bytes as they are.
    Raw,
    /// Offsets, hexadecimal and ASCII.
    Hex,
    /// JSON, indented; anything else as text, line by line. Control characters as escapes.
    Pretty,
}

/// What can be done with the case file itself.
#[derive(Debug, Subcommand)]
pub(super) enum CaseCommand {
    /// What it holds: content id, snapshots, sizes.
    Info,
    /// Check that it still is what was written: every blob, row, fact and log entry.
    Verify,
    /// The custody log: who did what when.
    Log,
}

/// What can be asked of the keys of a case.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Import keys: a git repository of key sets or scriptworker's own, a bundle of one, a ledger, or key files.
    Import(KeysImportArgs),
    /// The epochs: role, key, from when until when, on whose word, and how many signatures were seen.
    List(KeysArgs),
    /// All that is known of one key.
    Show(KeysShowArgs),
    /// The epochs of every role as bars over time, with the signatures seen.
    Timeline(KeysTimelineArgs),
    /// What is odd about the keys themselves.
    Audit(KeysArgs),
}

/// Which keys, and how to write them.
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    /// The role; without it, all.
    #[arg(long, value_name = "ROLE")]
    pub(super) role: Option<String>,
    /// The bases of trust that count; without it, all.
    #[arg(long, value_name = "BASES", value_delimiter = ',', value_enum)]
    pub(super) trust: Vec<TrustBasis>,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// Which keys to import.
#[derive(Debug, Args)]
pub(super) struct KeysImportArgs {
    /// A git repository (bare or not), a bundle, a ledger file, a key file, or a folder of key files.
    #[arg(value_name = "PATH")]
    pub(super) path: PathBuf,
    /// The certificates of those who may sign the tags of a repository: a file or a folder.
    #[arg(long, value_name = "PATH")]
    pub(super) trusted_signers: Option<PathBuf>,
    /// The role of key files, such as docker-worker.
    #[arg(long, value_name = "ROLE")]
    pub(super) role: Option<String>,
    /// The first moment at which key files are trusted.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) from: Option<Moment>,
    /// The first moment at which they no longer are.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) until: Option<Moment>,
    /// What says so, such as a bug's number.
    #[arg(long, value_name = "TEXT")]
    pub(super) source: Option<String>,
    /// Who imports and accepts the keys; kept in the case file. Without it, the name of the login.
    #[arg(long, value_name = "NAME", env = "COTRACE_OPERATOR")]
    pub(super) operator: Option<String>,
}

/// Which key to show.
#[derive(Debug, Args)]
pub(super) struct KeysShowArgs {
    /// The beginning or end of a fingerprint or of an ed25519 public key.
    #[arg(value_name = "KEY")]
    pub(super) key: String,
    #[command(flatten)]
    pub(super) keys: KeysArgs,
}

/// How to draw the timeline.
#[derive(Debug, Args)]
pub(super) struct KeysTimelineArgs {
    #[command(flatten)]
    pub(super) keys: KeysArgs,
    /// Where to put the cursor.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) as_of: Option<Moment>,
    /// The first moment shown; without it, the first that anything is known of.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) from: Option<Moment>,
    /// The moment at which the picture ends.
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    pub(super) until: Option<Moment>,
    /// Draw with ASCII characters alone.
    #[arg(long)]
    pub(super) ascii: bool,
    /// The columns to draw in; without it, those of the terminal.
    #[arg(long, value_name = "COLUMNS")]
    pub(super) width: Option<u16>,
}

/// Explain a finding code: what it means, how it comes about, how to confirm it by hand.
///
/// Examples:
///   cotrace explain key-expired
///   cotrace explain
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ExplainArgs {
    /// The code; without it, all codes are listed.
    #[arg(value_name = "CODE")]
    pub(super) code: Option<String>,
}

/// Print a completion script for a shell.
///
/// Examples:
///   cotrace completions bash
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}
