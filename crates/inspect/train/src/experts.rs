//! The experts: linear machines with a squared hinge, one a column, trained by dual coordinate descent.
//!
//! Each feature is scaled by its log-count ratio between the classes (naive Bayes), which lets rare but telling words
//! learn faster; the ratio is multiplied into the weight afterwards, so the engine only adds.

use crate::columns;
use crate::data::{Corpus, Row, is_trained};
use crate::second::Second;
use crate::work::{self, Random};
use inspect::heads::Heads;
use inspect::heads::model::{COLUMNS, Model, ROWS_MAX, Trained};

/// Folds of the training rows, by hash of the text.
pub const FOLDS: usize = 4;
const PASSES: usize = 5;
/// Smoothing of the counts in the ratio.
const SMOOTHING: f32 = 1.0;
/// The bias is a feature that is always present with this value.
const BIAS_VALUE: f32 = 0.5;

/// All columns with their biases.
pub struct Experts {
    columns: [Vec<f32>; COLUMNS],
    biases: [f32; COLUMNS],
}

/// Cost of an error, a column: small sets need more freedom, noisy ones less.
const COSTS: [f32; COLUMNS] = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];

impl Experts {
    /// The bytes of a model with these experts and a second layer.
    pub fn with_second(&self, second: &Second) -> Vec<u8> {
        Model::write(&Trained {
            columns: &self.columns,
            biases: self.biases,
            stack: &second.stack,
            thresholds: second.thresholds,
        })
    }

    /// An engine with these experts; what its second layer says is of no use.
    pub fn engine(&self) -> Heads {
        Heads::read(&self.with_second(&Second::empty())).expect("the bytes were written a moment ago")
    }
}

/// One set of experts a fold, each trained without that fold's rows.
pub fn train_folds(corpus: &Corpus) -> Vec<Experts> {
    let mut parts = work::map(FOLDS * COLUMNS, |job| train_column(corpus, job % COLUMNS, Some(job / COLUMNS))).into_iter();
    (0..FOLDS).map(|_| collect(&mut parts)).collect()
}

/// Experts trained on every training row.
pub fn train_all(corpus: &Corpus) -> Experts {
    collect(&mut work::map(COLUMNS, |column| train_column(corpus, column, None)).into_iter())
}

fn collect(parts: &mut impl Iterator<Item = (Vec<f32>, f32)>) -> Experts {
    let mut biases = [0.0; COLUMNS];
    let columns = std::array::from_fn(|column| {
        let (weights, bias) = parts.next().expect("one part a column");
        biases[column] = bias;
        weights
    });
    Experts { columns, biases }
}

struct Example<'a> {
    row: &'a Row,
    sign: f32,
    /// One over twice the cost: the slack that the squared hinge adds to the diagonal.
    slack: f32,
    alpha: f32,
}

fn train_column(corpus: &Corpus, column: usize, without: Option<usize>) -> (Vec<f32>, f32) {
    let mut examples = Vec::new();
    for row in corpus.rows.iter().filter(|row| is_trained(row.source)) {
        if without.is_some_and(|fold| usize::from(row.fold) == fold) {
            continue;
        }
        if let Some((label, weight)) = columns::of_column(row, column) {
            let sign = if label { 1.0 } else { -1.0 };
            examples.push(Example { row, sign, slack: 0.5 / (COSTS[column] * weight), alpha: 0.0 });
        }
    }
    let ratios = ratios(&examples);
    let (mut weights, bias) = descend(&mut examples, &ratios);
    for (weight, ratio) in weights.iter_mut().zip(&ratios) {
        *weight *= ratio;
    }
    (weights, bias)
}

/// Root of the log-count ratio of every feature (half-way between naive Bayes and none did best on held-out folds), its
/// size at least a tenth so that no feature is shut out.
fn ratios(examples: &[Example<'_>]) -> Vec<f32> {
    let mut counts = [vec![SMOOTHING; ROWS_MAX as usize], vec![SMOOTHING; ROWS_MAX as usize]];
    for example in examples {
        let side = &mut counts[usize::from(example.sign > 0.0)];
        for &(feature, _) in &example.row.features {
            side[feature as usize] += 1.0;
        }
    }
    let sums = counts.each_ref().map(|side| side.iter().sum::<f32>());
    let [without, with] = &counts;
    with.iter().zip(without).map(|(p, q)| ((p / sums[1]) / (q / sums[0])).ln().abs().max(0.1).sqrt()).collect()
}

fn descend(examples: &mut [Example<'_>], ratios: &[f32]) -> (Vec<f32>, f32) {
    let mut weights = vec![0.0_f32; ROWS_MAX as usize];
    let mut bias = 0.0_f32;
    let lengths: Vec<f32> = examples.iter().map(|example| squared_length(example.row, ratios)).collect();
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = Random(11);
    for _ in 0..PASSES {
        random.shuffle(&mut order);
        for &index in &order {
            let example = &mut examples[index];
            let row = example.row;
            let mut sum = bias * BIAS_VALUE;
            for &(feature, count) in &row.features {
                sum += weights[feature as usize] * ratios[feature as usize] * f32::from(count) * row.scale;
            }
            let gradient = example.sign * sum - 1.0 + example.alpha * example.slack;
            let alpha = (example.alpha - gradient / (lengths[index] + example.slack)).max(0.0);
            let step = (alpha - example.alpha) * example.sign;
            example.alpha = alpha;
            if step != 0.0 {
                bias += step * BIAS_VALUE;
                for &(feature, count) in &row.features {
                    weights[feature as usize] += step * ratios[feature as usize] * f32::from(count) * row.scale;
                }
            }
        }
    }
    (weights, bias * BIAS_VALUE)
}

fn squared_length(row: &Row, ratios: &[f32]) -> f32 {
    let features = row.features.iter().map(|&(feature, count)| {
        let value = ratios[feature as usize] * f32::from(count) * row.scale;
        value * value
    });
    features.sum::<f32>() + BIAS_VALUE * BIAS_VALUE
}
