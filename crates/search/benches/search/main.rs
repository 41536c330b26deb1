//! Figures of the index: what a message costs to take in, and how long answers take. `scripts/bench/search.sh` runs it beside its peers.
//!
//! SEARCH_BENCH_MESSAGES sets the size, SEARCH_BENCH_DIR the folder. Processor time is of this process, all threads; what making the
//! messages costs is measured alone and taken off.

mod corpus;

use std::{
    env, fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use corpus::{Corpus, PROFILES};
use jiff::tz::TimeZone;
use search::{
    Change, CommitPolicy, Counting, Embedded, Options, Order, Position, ProfileKey, Query, Request, Scope, SearchIndex, Setting,
    commit_policy::Waiting,
};

/// Changes taken in at a time, as the desk's indexer does.
const BATCH: usize = 1_000;
/// How often each question is asked.
const ASKED: usize = 30;

type Done<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Done<()> {
    let count: usize = env::var("SEARCH_BENCH_MESSAGES").map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = PathBuf::from(env::var("SEARCH_BENCH_DIR").unwrap_or_else(|_| env::temp_dir().display().to_string()));
    let mut out = io::stdout().lock();
    if let Ok(path) = env::var("SEARCH_BENCH_WRITE_CORPUS") {
        return write_corpus(count, Path::new(&path));
    }
    let folder = folder.join("search-bench-index");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let making = making_costs(count.min(200_000));
    let index = take_in(count, &folder, making, &mut out)?;
    ask(&index, &mut out)?;
    catch_fresh(&index, count, &mut out)?;
    drop(index);
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// The corpus and the questions, as files for the peers.
fn write_corpus(count: usize, folder: &Path) -> Done<()> {
    let mut corpus = Corpus::new();
    let mut file = BufWriter::new(fs::File::create(folder.join("corpus.tsv"))?);
    for _ in 0..count {
        let message = corpus.message();
        writeln!(file, "{}\t{}\t{}", corpus.made, message.time_ms, message.text)?;
    }
    file.flush()?;
    let mut file = fs::File::create(folder.join("questions.tsv"))?;
    for (name, words) in questions(&corpus).into_iter().filter_map(|(name, _, plain)| plain.map(|plain| (name, plain))) {
        writeln!(file, "{name}\t{words}")?;
    }
    Ok(())
}

/// Processor time of making a message.
fn making_costs(count: usize) -> Duration {
    let mut corpus = Corpus::new();
    let before = cpu();
    for _ in 0..count {
        std::hint::black_box(corpus.message());
    }
    cpu().saturating_sub(before) / u32::try_from(count).unwrap_or(1)
}

fn take_in(count: usize, folder: &Path, making: Duration, out: &mut impl Write) -> Done<Embedded> {
    let mut corpus = Corpus::new();
    let index = Embedded::open(folder, Options::default())?;
    let (begin, cpu_before, mut policy, mut commits) = (Instant::now(), cpu(), CommitPolicy::default(), 0_u32);
    let now_ms = || u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    for from in (0..count).step_by(BATCH) {
        let batch = (from..count.min(from + BATCH)).map(|_| Change::Add(corpus.message())).collect();
        index.apply(batch, Position(corpus.made))?;
        policy.taken(now_ms());
        if policy.due_in_ms(now_ms(), Waiting::More) == Some(0) {
            index.commit()?;
            policy.committed();
            commits += 1;
        }
    }
    index.commit()?;
    let (took, until_commit) = (begin.elapsed(), cpu().saturating_sub(cpu_before));
    index.finish_merges()?;
    let (merged, with_merges) = (begin.elapsed(), cpu().saturating_sub(cpu_before));
    let messages = u32::try_from(count)?;
    let each = |cpu: Duration| (cpu.saturating_sub(making * messages)).as_secs_f64() * 1e6 / f64::from(messages);
    let size = index.size()?;
    writeln!(out, "{count} messages taken in, a commit every 5 s ({commits}), then merges left to end")?;
    line(out, "processor time a message, until the last commit", &format!("{:.1} us (goal 15)", each(until_commit)))?;
    line(out, "processor time a message, with all merges", &format!("{:.1} us", each(with_merges)))?;
    line(out, "messages a second, making them included", &format!("{:.0}", f64::from(messages) / took.as_secs_f64()))?;
    line(out, "seconds until the last commit, until merged", &format!("{:.0}, {:.0}", took.as_secs_f64(), merged.as_secs_f64()))?;
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let bytes_each = size.bytes as f64 / count as f64;
    line(out, "bytes on disk a message, segments", &format!("{bytes_each:.0}, {}", size.segments))?;
    line(
        out,
        "most memory the process held, files mapped included",
        &format!("{} MB, of it anonymous now {} MB", memory("VmHWM"), memory("RssAnon")),
    )?;
    Ok(index)
}

/// A question: its name, how we say it, and for those that peers are asked too, its words.
type Question = (&'static str, String, Option<String>);

fn questions(corpus: &Corpus) -> Vec<Question> {
    let stem = |rank: usize| corpus.stem(rank).to_owned();
    let (top, often, some, rare) = (stem(0), stem(60), stem(1_500), stem(25_000));
    let plain = |words: &[&String], between: &str| Some(words.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(between));
    vec![
        ("a rare word", rare.clone(), plain(&[&rare], " ")),
        ("a word", some.clone(), plain(&[&some], " ")),
        ("a frequent word", often.clone(), plain(&[&often], " ")),
        ("the most frequent word", top.clone(), plain(&[&top], " ")),
        ("two frequent words", format!("{often} {}", stem(30)), plain(&[&often, &stem(30)], " ")),
        ("one of two words", format!("{some} OR {often}"), plain(&[&some, &often], " OR ")),
        ("a phrase of frequent words", format!("\"{top} {}\"", stem(1)), Some(format!("\"{top} {}\"", stem(1)))),
        ("a frequent word in a month", format!("{often} on:2020-03"), None),
        ("a frequent word of a person", format!("{often} from:person7"), None),
        ("a frequent word without another", format!("{often} -{}", stem(30)), None),
        ("a frequent word with a finding", format!("{often} finding:any"), None),
        ("everything", String::new(), None),
    ]
}

fn ask(index: &Embedded, out: &mut impl Write) -> Done<()> {
    let setting = Setting::at(1_767_225_600_000, TimeZone::UTC);
    let all = Scope::of((0..PROFILES).map(|profile| ProfileKey([profile; 16])));
    let half = Scope::of((0..PROFILES / 2).map(|profile| ProfileKey([profile; 16])));
    writeln!(
        out,
        "\n{:34} {:>9} | {:>13} {:>13} | {:>13} {:>13} | {:>13}",
        "ms, median and worst of 30", "matches", "top 20", "of half", "newest, count", "of half", "with counts"
    )?;
    for (name, text, _) in questions(&Corpus::new()) {
        let query = Query::parse(&text, &setting)?;
        let request = |scope: &Scope, order| Request::new(query.clone(), scope.clone(), order);
        let total = index.search(&request(&all, Order::Newest))?.total.unwrap_or(0);
        let times = [
            timed(index, &request(&all, Order::Relevance))?,
            timed(index, &request(&half, Order::Relevance))?,
            timed(index, &request(&all, Order::Newest))?,
            timed(index, &request(&half, Order::Newest))?,
            timed(index, &request(&all, Order::Newest).counting(Counting::Everything))?,
        ];
        writeln!(out, "{name:34} {total:9} | {} {} | {} {} | {}", times[0], times[1], times[2], times[3], times[4])?;
    }
    Ok(())
}

fn timed(index: &Embedded, request: &Request) -> Done<String> {
    let mut times = Vec::with_capacity(ASKED);
    index.search(request)?;
    for _ in 0..ASKED {
        let begin = Instant::now();
        std::hint::black_box(index.search(request)?);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(format!("{:6.2} {:6.2}", times[ASKED / 2], times[ASKED - 1]))
}

/// How long a single new message takes from being handed over to being found, on an index of this size.
fn catch_fresh(index: &Embedded, count: usize, out: &mut impl Write) -> Done<()> {
    let (mut corpus, mut times) = (Corpus::new(), Vec::new());
    for number in 0..20 {
        let begin = Instant::now();
        index.apply(vec![Change::Add(corpus.message())], Position(u64::try_from(count + number + 1)?))?;
        index.commit()?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    writeln!(out)?;
    line(out, "taking in and committing one message", &format!("{:.1} ms, worst {:.1} ms", times[10], times[19]))
}

fn line(out: &mut impl Write, what: &str, figure: &str) -> Done<()> {
    Ok(writeln!(out, "{what:56} {figure}")?)
}

/// Processor time of this process so far.
fn cpu() -> Duration {
    // Fields 14 and 15 after the name in parentheses, in ticks of 10 ms.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// A line of the process's status, in MB.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
}
