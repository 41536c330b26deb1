//! Phrases, best first, without looking where words stand in messages that cannot be among the best.
//!
//! The engine (0.27) reads the positions of all words of a phrase in every message that holds them, which for frequent words is most of
//! the work. A phrase stands in a message at most as often as any of its words, so how often the rarest word stands there and how long
//! the message is give a ceiling to its score. Only messages whose ceiling beats the worst of the best so far are handed to the engine's
//! phrase, which alone decides and scores: what is found, and in which order, stays as it was. Where all have to be counted, no message
//! can be left out, so the cores share them.

use std::{num::NonZero, ops::Range};

use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::BlockSegmentPostings,
    query::{Bm25Weight, EnableScoring, Explanation, PhraseQuery, Query, Scorer, Weight},
    schema::IndexRecordOption,
};

/// Two words or more, each at its place.
#[derive(Debug, Clone)]
pub(super) struct Phrase(PhraseQuery);

impl Phrase {
    /// # Panics
    /// With fewer than two terms.
    pub(super) fn new(terms: Vec<(usize, Term)>) -> Self {
        Self(PhraseQuery::new_with_offset(terms))
    }
}

impl Query for Phrase {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let terms = self.0.phrase_terms();
        let score = match scoring {
            EnableScoring::Enabled { statistics_provider, .. } => Some(Bm25Weight::for_terms(statistics_provider, &terms)?),
            EnableScoring::Disabled { .. } => None,
        };
        Ok(Box::new(PhraseWeight { whole: self.0.weight(scoring)?, terms, score }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.0.query_terms(visitor);
    }
}

struct PhraseWeight {
    /// The engine's.
    whole: Box<dyn Weight>,
    terms: Vec<Term>,
    /// As the engine's phrase scores, where it does.
    score: Option<Bm25Weight>,
}

impl Weight for PhraseWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.whole.scorer(reader, boost)
    }

    fn scorer_danger(
        &self,
        reader: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<(SeekDangerResult, Box<dyn Scorer>)> {
        self.whole.scorer_danger(reader, target, boost)
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        self.whole.explain(reader, doc)
    }

    fn count(&self, reader: &SegmentReader) -> tantivy::Result<u32> {
        let Some(rarest) = self.rarest(reader)? else { return Ok(0) };
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get).min(CORES_MAX);
        if rarest.doc_freq() < SHARED_FROM || cores == 1 {
            return self.whole.count(reader);
        }
        let share = reader.max_doc().div_ceil(u32::try_from(cores).unwrap_or(1));
        let ranges: Vec<Range<DocId>> = (0..reader.max_doc())
            .step_by(share as usize)
            .map(|from| from..reader.max_doc().min(from.saturating_add(share)))
            .collect();
        self.count_shared(reader, ranges)
    }

    fn for_each_pruning(
        &self,
        threshold: Score,
        reader: &SegmentReader,
        callback: &mut dyn FnMut(DocId, Score) -> Score,
    ) -> tantivy::Result<()> {
        let lengths = reader.fieldnorms_readers().get_field(self.terms[0].field())?;
        let (Some(lengths), Some(score)) = (lengths, &self.score) else {
            return self.whole.for_each_pruning(threshold, reader, callback);
        };
        let Some(mut rarest) = self.rarest(reader)? else { return Ok(()) };
        let mut promising = Promising::new(score, threshold);
        let mut phrase: Option<Box<dyn Scorer>> = None;
        let mut not_before = 0;
        while !rarest.docs().is_empty() {
            for (&doc, &often) in rarest.docs().iter().zip(rarest.freqs()) {
                if doc < not_before || !promising.holds(&lengths, doc, often) {
                    continue;
                }
                // Made at the first message that is worth it; it is then asked for greater and greater messages only.
                let (met, mut scorer) = match phrase.take() {
                    Some(mut scorer) => (scorer.seek_danger(doc), scorer),
                    None => self.whole.scorer_danger(reader, doc, 1.0)?,
                };
                match met {
                    SeekDangerResult::Found => {
                        let score = scorer.score();
                        if score > promising.threshold {
                            promising.raise(callback(doc, score));
                        }
                        not_before = doc + 1;
                    }
                    SeekDangerResult::SeekLowerBound(TERMINATED) => return Ok(()),
                    SeekDangerResult::SeekLowerBound(next) => not_before = next,
                }
                phrase = Some(scorer);
            }
            rarest.advance();
        }
        Ok(())
    }
}

impl PhraseWeight {
    /// The word that the fewest messages hold; nothing where a word is not there at all.
    fn rarest(&self, reader: &SegmentReader) -> tantivy::Result<Option<BlockSegmentPostings>> {
        let index = reader.inverted_index(self.terms[0].field())?;
        let mut rarest = None;
        for term in &self.terms {
            let Some(info) = index.get_term_info(term)? else { return Ok(None) };
            if rarest.as_ref().is_none_or(|(fewest, _)| info.doc_freq < *fewest) {
                rarest = Some((info.doc_freq, info));
            }
        }
        let Some((_, info)) = rarest else { return Ok(None) };
        Ok(Some(index.read_block_postings_from_terminfo(&info, IndexRecordOption::WithFreqs)?))
    }

    /// How many messages of the ranges match, each range on a thread of its own.
    fn count_shared(&self, reader: &SegmentReader, ranges: Vec<Range<DocId>>) -> tantivy::Result<u32> {
        std::thread::scope(|scope| {
            let counting: Vec<_> = ranges.into_iter().map(|range| scope.spawn(|| self.count_within(reader, range))).collect();
            let mut total = 0;
            for count in counting {
                // A panic over broken files goes on here, where the caller takes it for damage.
                total += count.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            Ok(total)
        })
    }

    fn count_within(&self, reader: &SegmentReader, range: Range<DocId>) -> tantivy::Result<u32> {
        let mut phrase = self.whole.scorer(reader, 1.0)?;
        let mut doc = phrase.doc();
        if doc < range.start {
            doc = phrase.seek(range.start);
        }
        let mut total = 0;
        while doc < range.end {
            total += u32::from(reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc)));
            doc = phrase.advance();
        }
        Ok(total)
    }
}

/// From this many messages with the rarest word on, a count is shared: some milliseconds of work.
const SHARED_FROM: u32 = 100_000;
/// Cores that one count takes at most.
const CORES_MAX: usize = 4;

/// How often a word stands in a message, told apart up to this; what stands there more often always gets a look.
const OFTEN_MAX: usize = 16;

/// Which messages can still beat the worst of the best.
struct Promising<'a> {
    score: &'a Bm25Weight,
    threshold: Score,
    /// By how often the word stands there: the classes of length that can, counted from the shortest. The longer a message, the lower
    /// its score.
    lengths: [u16; OFTEN_MAX],
}

impl<'a> Promising<'a> {
    fn new(score: &'a Bm25Weight, threshold: Score) -> Self {
        let mut promising = Self { score, threshold: Score::MIN, lengths: [256; OFTEN_MAX] };
        promising.raise(threshold);
        promising
    }

    fn raise(&mut self, threshold: Score) {
        if threshold <= self.threshold {
            return;
        }
        self.threshold = threshold;
        let classes: [u8; 256] = std::array::from_fn(|class| u8::try_from(class).unwrap_or(u8::MAX));
        for (often, lengths) in (0..).zip(&mut self.lengths).take(OFTEN_MAX - 1) {
            let can = classes.partition_point(|class| self.score.score(*class, often) > threshold);
            *lengths = u16::try_from(can).unwrap_or(256);
        }
    }

    fn holds(&self, lengths: &FieldNormReader, doc: DocId, often: u32) -> bool {
        let often = (often as usize).min(OFTEN_MAX - 1);
        u16::from(lengths.fieldnorm_id(doc)) < self.lengths[often]
    }
}

#[cfg(test)]
mod tests {
    use std::{cmp::Reverse, collections::BinaryHeap};

    use proptest::prelude::*;
    use tantivy::{Index, IndexWriter, Searcher, TantivyDocument, schema::Field};

    use super::*;
    use crate::index::{analyzers, fields::Fields};

    fn index(texts: &[String]) -> (Searcher, Field) {
        let (schema, fields) = Fields::schema();
        let index = Index::create_in_ram(schema);
        analyzers::register(&index);
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).expect("a writer");
        for (at, text) in texts.iter().enumerate() {
            let mut document = TantivyDocument::new();
            document.add_text(fields.exact, analyzers::tagged(text, None));
            writer.add_document(document).expect("added");
            if at == texts.len() / 3 {
                writer.commit().expect("a segment of its own");
            }
        }
        writer.commit().expect("committed");
        (index.reader().expect("a reader").searcher(), fields.exact)
    }

    /// What a collector that keeps the best `room` is handed, in order, and what it keeps.
    fn handed(searcher: &Searcher, query: &dyn Query, room: usize) -> Vec<(usize, DocId, u32)> {
        let weight = query.weight(EnableScoring::enabled_from_searcher(searcher)).expect("a weight");
        let (mut handed, mut heap) = (Vec::new(), BinaryHeap::new());
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let worst = |heap: &BinaryHeap<Reverse<u32>>| match heap.peek() {
                Some(worst) if heap.len() >= room => f32::from_bits(worst.0),
                _ => Score::MIN,
            };
            let collect = &mut |doc, score: Score| {
                handed.push((segment, doc, score.to_bits()));
                // The bits of positive numbers are in the order of the numbers.
                heap.push(Reverse(score.to_bits()));
                if heap.len() > room {
                    heap.pop();
                }
                worst(&heap)
            };
            weight.for_each_pruning(Score::MIN, reader, collect).expect("walked");
        }
        handed
    }

    fn some_texts() -> impl Strategy<Value = Vec<String>> {
        let word = prop::sample::select(&["a", "a", "a", "b", "b", "c", "d"][..]);
        let text = prop::collection::vec(word, 0..14).prop_map(|words| words.join(" "));
        prop::collection::vec(text, 1..700)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_collector_is_handed_what_the_engines_phrase_hands_it(texts in some_texts(), room in 1_usize..12) {
            let (searcher, field) = index(&texts);
            for phrase in [&["a", "b"][..], &["b", "a", "a"], &["a", "a"], &["c", "d"], &["d", "nowhere"]] {
                let terms: Vec<_> = phrase.iter().map(|word| Term::from_field_text(field, word)).enumerate().collect();
                let engines = PhraseQuery::new_with_offset(terms.clone());
                let ours = handed(&searcher, &Phrase::new(terms), room);
                prop_assert_eq!(ours, handed(&searcher, &engines, room), "{:?}", phrase);
            }
        }
    }

    #[test]
    fn a_count_is_the_same_however_it_is_shared() {
        let texts: Vec<String> = (0..1_000).map(|at| ["a b", "b a", "a x b", "a a b"][at * 7 % 4].to_owned()).collect();
        let (searcher, field) = index(&texts);
        let terms = vec![(0, Term::from_field_text(field, "a")), (1, Term::from_field_text(field, "b"))];
        let whole = PhraseQuery::new_with_offset(terms.clone());
        let scoring = || EnableScoring::disabled_from_searcher(&searcher);
        let weight = PhraseWeight {
            whole: whole.weight(scoring()).expect("a weight"),
            terms: terms.into_iter().map(|(_, term)| term).collect(),
            score: None,
        };
        for reader in searcher.segment_readers() {
            let wanted = weight.whole.count(reader).expect("counted");
            assert!(wanted > 0);
            for parts in 1..9 {
                let ends: Vec<DocId> = (0..=parts).map(|part| reader.max_doc() * part / parts).collect();
                let ranges = ends.windows(2).map(|ends| ends[0]..ends[1]).collect();
                assert_eq!(weight.count_shared(reader, ranges).expect("counted"), wanted, "{parts}");
            }
            assert_eq!(weight.count(reader).expect("counted"), wanted);
        }
    }

    #[test]
    fn only_messages_that_can_beat_the_worst_of_the_best_are_looked_at() {
        // The shortest possible match first: no later message can beat it, but for those that hold the words more often.
        let texts: Vec<String> = (0..2_000).map(|_| "a b".to_owned()).chain([String::from("a b a b")]).collect();
        let (searcher, field) = index(&texts);
        let terms = vec![(0, Term::from_field_text(field, "a")), (1, Term::from_field_text(field, "b"))];
        let score = Bm25Weight::for_terms(&searcher, &[terms[0].1.clone(), terms[1].1.clone()]).expect("a weight");
        let best_of_many = score.score(FieldNormReader::fieldnorm_to_id(2), 1);
        let promising = Promising::new(&score, best_of_many);
        let lengths = searcher.segment_readers().last().expect("segments").fieldnorms_readers();
        let lengths = lengths.get_field(field).expect("read").expect("lengths");
        assert!(!promising.holds(&lengths, 0, 1));
        assert!(promising.holds(&lengths, lengths.num_docs() - 1, 2));
        assert!(promising.holds(&lengths, 0, 1_000), "what stands there very often is always looked at");
        assert_eq!(handed(&searcher, &Phrase::new(terms), 1).len(), 3, "the first of either segment, and the best");
    }
}
