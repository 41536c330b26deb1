//! The inspector: compiled once, then asked about message after message from any thread.
//!
//! Invariant: [`Inspector::inspect`] reads nothing but its arguments, allocates nothing once its scratch has grown,
//! does not panic, and gives the same answer for the same message.

use crate::config::{Config, ConfigError, TermList};
use crate::custom;
use crate::detect::{Context, Detectors, FINDINGS_MAX, settle};
use crate::disguise::{self, Vocabulary};
use crate::fold;
use crate::heads::{Assessment, Head, Heads};
use crate::kinds::{self, index};
use crate::language::{Language, LanguageDetector};
use crate::lexicon::{self, Lexicon};
use crate::message::{Message, Zone};
use crate::report::{Finding, Level, Reason, ReasonText, View};
use crate::scan::Scan;
use crate::scratch::Scratch;
use crate::tokens::{Links, Tokens};

/// Bytes of one part that are read; what stands behind is not inspected and the report says so. No network allows
/// posts of this length, and offsets must fit.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// Version of the detectors' rules; raised when the same message can get another report.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Compiled detectors.
#[derive(Debug)]
pub struct Inspector {
    detectors: Detectors,
    level_min: Level,
    lexicon: Lexicon,
    vocabulary: Vocabulary,
    heads: Option<(Heads, LanguageDetector)>,
}

/// What was found in one message; borrows from the inspector and the scratch.
#[derive(Debug)]
pub struct Report<'a> {
    inspector: &'a Inspector,
    scratch: &'a Scratch,
    truncated: bool,
    full: bool,
}

impl Inspector {
    /// Compiles a configuration, or says what is wrong with it.
    pub fn compile(config: &Config) -> Result<Self, ConfigError> {
        config.check_names()?;
        let detectors = Detectors::compile(config, custom::compile(config)?);
        let lexicon = compile_lists(&config.lists)?;
        Ok(Self {
            detectors,
            level_min: config.level_min,
            vocabulary: Vocabulary::build(lexicon.words()),
            lexicon,
            heads: if config.heads { Some(compile_heads()?) } else { None },
        })
    }

    /// Inspects a message.
    pub fn inspect<'a>(&'a self, message: &Message<'_>, scratch: &'a mut Scratch) -> Report<'a> {
        scratch.findings.clear();
        scratch.steps = 0;
        scratch.terms.clear();
        (scratch.assessment, scratch.language) = (None, None);
        let mut truncated = false;
        // The body comes last: its words stay in the scratch for the heads' reasons.
        let is_body = |zone: Zone| zone == Zone::Text;
        let parts =
            message.parts().filter(|(zone, ..)| !is_body(*zone)).chain(message.parts().filter(|(zone, ..)| is_body(*zone)));
        for (zone, part, text) in parts {
            let text = cut(text);
            truncated |= text.len() == TEXT_BYTES_MAX;
            self.part(zone, u16::try_from(part).unwrap_or(u16::MAX), text, scratch);
        }
        let mut full = scratch.findings.len() >= FINDINGS_MAX;
        settle::settle(&mut scratch.findings, &mut scratch.spare);
        settle::add_terms(&mut scratch.findings, &scratch.terms);
        full |= scratch.findings.len() >= FINDINGS_MAX;
        let least = self.level_min;
        scratch.findings.retain(|f| f.level() >= least);
        Report { inspector: self, scratch, truncated, full }
    }

    fn part(&self, zone: Zone, part: u16, text: &str, scratch: &mut Scratch) {
        let part_number = part;
        let Scratch { scan, view_scan, folded, stretches, joined, findings, steps, .. } = scratch;
        let words = &self.detectors.words;
        scan.fill(text, words);
        let mut run = |view, text: &str, scan: &Scan, map: Option<&fold::Map>| {
            let mut context = Context {
                text,
                bytes: text.as_bytes(),
                scan,
                words,
                enabled: &self.detectors.enabled,
                view,
                zone,
                part,
                map,
                out: findings,
                steps: text.len() as u64,
            };
            self.detectors.view(&mut context);
            *steps += context.steps;
        };
        run(View::Plain, text, scan, None);
        let is_folded = (scan.has_high || scan.has_escapes) && fold::fold(text, scan, folded);
        if is_folded {
            view_scan.fill(&folded.text, words);
            run(View::Folded, &folded.text, view_scan, Some(&folded.map));
        }
        let original = text;
        let (text, map, base): (&str, _, &Scan) =
            if is_folded { (&folded.text, Some(&folded.map), view_scan) } else { (text, None, scan) };
        if fold::worth_joining(text, base, stretches) && fold::join(text, stretches, map, base, joined) {
            view_scan.fill(&joined.text, words);
            run(View::Joined, &joined.text, view_scan, Some(&joined.map));
        }
        self.words_of(zone, part_number, original, is_folded, scratch);
    }

    /// Listed terms in every part; language, abuse and sentiment of the body. Both also see words that were disguised.
    fn words_of(&self, zone: Zone, part: u16, text: &str, is_folded: bool, scratch: &mut Scratch) {
        let is_body = zone == Zone::Text && self.heads.is_some();
        if self.lexicon.is_empty() && !is_body {
            return;
        }
        let has_lists = !self.lexicon.is_empty() && self.detectors.is_on(index::listed_term);
        let Scratch { scan, tokens, head_work, lexicon, folded, undisguised, terms, assessment, language, .. } = scratch;
        let mut find = |text: &str, tokens: &Tokens, map: Option<&fold::Map>, view| {
            let found = self.lexicon.find(text, tokens, zone.for_lists(), lexicon);
            terms.extend(found.iter().map(|f| {
                let span = map.map_or((f.start, f.end), |map| map.original(f.start as usize..f.end as usize));
                self.term(zone, part, f.rule, span, view)
            }));
        };
        tokens.scan_masked(text, links(zone), &scan.masks);
        if has_lists {
            find(text, tokens, None, View::Plain);
        }
        let detected = self.heads.as_ref().filter(|_| is_body).map(|(heads, detector)| (heads, detector.detect(tokens)));
        let (seen, map) = if is_folded { (folded.text.as_str(), Some(&folded.map)) } else { (text, None) };
        if is_folded {
            tokens.scan_with(seen, links(zone));
        }
        let is_disguised = zone != Zone::Link
            && disguise::is_suspect(seen, tokens, &self.vocabulary, undisguised)
            && disguise::undo(seen, map, &self.vocabulary, undisguised);
        if is_disguised {
            tokens.scan_with(&undisguised.text, links(zone));
        }
        if has_lists && is_disguised {
            find(&undisguised.text, tokens, Some(&undisguised.map), View::Undisguised);
        } else if has_lists && is_folded {
            find(seen, tokens, map, View::Folded);
        }
        scratch.body_view = match (is_disguised, is_folded) {
            (true, _) => View::Undisguised,
            (_, true) => View::Folded,
            _ => View::Plain,
        };
        if let Some((heads, detected)) = detected {
            *language = Some(detected);
            *assessment = heads.assess(tokens, detected, head_work);
        }
    }

    fn term(&self, zone: Zone, part: u16, rule: u32, (start, end): (u32, u32), view: View) -> Finding {
        let score = match self.lexicon.rule(rule).map(|r| r.level) {
            Some(lexicon::Level::High) => 0.9,
            Some(lexicon::Level::Medium) => 0.6,
            _ => 0.4,
        };
        let reason = Reason { check: kinds::listed_term::KIND.proof, word: None, against: false, view };
        let kind = index::listed_term;
        Finding { kind, detector: "listed-term", reason, rule, zone, part, start, end, score }
    }

    /// The name of a finding's kind.
    fn kind_name(&self, kind: u16) -> &str {
        let number = usize::from(kind);
        kinds::ALL.get(number).map_or_else(|| self.detectors.custom[number - kinds::ALL.len()].id.as_str(), |k| k.id)
    }
}

fn links(zone: Zone) -> Links {
    if zone == Zone::Link { Links::Words } else { Links::Whole }
}

fn compile_lists(lists: &[TermList]) -> Result<Lexicon, ConfigError> {
    if lists.is_empty() {
        return Ok(Lexicon::empty());
    }
    let sources: Vec<_> = lists.iter().map(|l| lexicon::Source { name: &l.name, content: &l.content }).collect();
    Lexicon::compile(&sources).map_err(ConfigError::Lists)
}

fn compile_heads() -> Result<(Heads, LanguageDetector), ConfigError> {
    let heads = Heads::builtin().map_err(|problem| ConfigError::Model(problem.to_string()))?;
    Ok((heads, LanguageDetector::builtin()))
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl<'a> Report<'a> {
    /// What was found, by place.
    pub fn findings(&self) -> &'a [Finding] {
        &self.scratch.findings
    }

    /// Name of a finding's kind, as in `--list`.
    pub fn kind(&self, finding: &Finding) -> &'a str {
        self.inspector.kind_name(finding.kind)
    }

    /// The rule that made a finding: the kind's name, or the format of a secret.
    pub fn detector(&self, finding: &Finding) -> &'a str {
        if let Some(rule) = self.inspector.lexicon.rule(finding.rule) {
            return &rule.list;
        }
        if finding.detector == "custom" { self.inspector.kind_name(finding.kind) } else { finding.detector }
    }

    /// Why it was reported, without the found value.
    pub fn reason(&self, finding: &Finding) -> ReasonText<'a> {
        let reason = finding.reason;
        let word = reason.word.map(|w| &*self.inspector.detectors.words.entry(w).text);
        let rule = self.inspector.lexicon.rule(finding.rule);
        ReasonText { check: reason.check, rule, word, against: reason.against, view: reason.view }
    }

    /// The language of the body; nothing when the heads are off.
    pub fn language(&self) -> Option<Language> {
        self.scratch.language
    }

    /// Abuse and sentiment of the body; nothing when the heads are off or not trained on its language.
    pub fn assessment(&self) -> Option<&'a Assessment> {
        self.scratch.assessment.as_ref()
    }

    /// Heads over their published threshold.
    pub fn flags(&self) -> impl Iterator<Item = Head> + use<'a> {
        let assessment = self.scratch.assessment;
        Head::ALL.into_iter().filter(move |head| assessment.is_some_and(|a| a.is_flagged(*head)))
    }

    /// Byte ranges of the body's words that weigh most for a head, strongest first.
    pub fn head_reasons(&self, head: Head) -> impl Iterator<Item = std::ops::Range<usize>> + use<'a> {
        let scratch = self.scratch;
        let heads = self.inspector.heads.as_ref().filter(|_| scratch.assessment.is_some());
        let reasons = heads.map(|(heads, _)| heads.reasons(head, &scratch.head_work)).unwrap_or_default();
        (0..reasons.tokens().len())
            .filter_map(move |i| scratch.tokens.list().get(reasons.tokens()[i] as usize))
            .map(|token| scratch.in_body(token.range()))
    }

    /// Whether a part was longer than [`TEXT_BYTES_MAX`], so that its end was not read.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether there were more findings than are kept for one message, so that some are missing.
    pub fn is_full(&self) -> bool {
        self.full
    }
}
