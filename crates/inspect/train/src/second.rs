//! The second layer: trained on what the experts say of rows they have not seen, then calibrated, then thresholds.

#![expect(clippy::needless_range_loop, reason = "several arrays share one index in matrix loops")]

use crate::columns;
use crate::data::{Corpus, Row, Source, is_trained};
use crate::experts::{Experts, FOLDS};
use crate::report::{macro_f1_at, probabilities_of};
use crate::work::{self, Random};
use inspect::heads::Head;
use inspect::heads::HeadScratch;
use inspect::heads::stack::{HIDDEN, INPUTS, OUTPUTS, Stack};
use inspect::tokens::Tokens;
use std::collections::BTreeMap;
use std::io::Write;

/// Networks that are averaged: each alone depends on the order of its rows.
const MEMBERS: usize = 3;
const PASSES: usize = 5;
const BATCH: usize = 32;
const RATE: f32 = 0.002;
const DECAY: f32 = 0.000_03;
const HEADS: usize = Head::ALL.len();

/// Weights and thresholds that follow the experts in the model file.
pub struct Second {
    pub stack: Stack,
    pub thresholds: [f32; HEADS],
}

impl Second {
    pub fn empty() -> Second {
        Second { stack: Stack::zero(), thresholds: [0.5; HEADS] }
    }
}

struct Example {
    source: Source,
    fold: u8,
    label: i8,
    inputs: [f32; INPUTS],
    /// Wanted probability and weight, an output each; weight 0 where the row says nothing.
    wanted: [(f32, f32); OUTPUTS],
}

/// What a row's own fold of experts says of it.
fn inputs_of(rows: &[&Row], folds: &[Experts]) -> Vec<[f32; INPUTS]> {
    let engines: Vec<_> = folds.iter().map(Experts::engine).collect();
    let chunk = rows.len() / 64 + 1;
    let parts = work::map(rows.len().div_ceil(chunk), |part| {
        let mut tokens = Tokens::new();
        let mut scratch = HeadScratch::default();
        let rows = &rows[part * chunk..rows.len().min((part + 1) * chunk)];
        let inputs = rows.iter().map(|row| {
            tokens.scan(&row.text);
            engines[usize::from(row.fold)].inputs(&tokens, &mut scratch)
        });
        inputs.collect::<Vec<_>>()
    });
    parts.into_iter().flatten().collect()
}

pub fn train(corpus: &Corpus, folds: &[Experts], out: &mut impl Write) -> std::io::Result<Second> {
    let rows: Vec<&Row> = corpus.rows.iter().filter(|row| is_trained(row.source)).collect();
    let inputs = inputs_of(&rows, folds);
    let mut examples: Vec<Example> = Vec::new();
    let mut totals = [[0.0_f32; 2]; OUTPUTS];
    for (row, inputs) in rows.iter().zip(inputs) {
        let labels: [columns::Label; OUTPUTS] = std::array::from_fn(|output| columns::of_output(row, output));
        if labels.iter().all(Option::is_none) {
            continue;
        }
        let wanted = labels.map(|label| label.map_or((0.0, 0.0), |(yes, weight)| (f32::from(u8::from(yes)), weight)));
        for (total, (yes, weight)) in totals.iter_mut().zip(wanted) {
            total[usize::from(yes > 0.5)] += weight;
        }
        examples.push(Example { source: row.source, fold: row.fold, label: row.label, inputs, wanted });
    }
    balance(&mut examples, &totals);
    writeln!(out, "second layer: {} rows", examples.len())?;
    let seen = |part: usize| examples.iter().filter(move |example| part == FOLDS || usize::from(example.fold) != part);
    let mut parts =
        work::map((FOLDS + 1) * MEMBERS, |job| descend(&seen(job / MEMBERS).collect::<Vec<_>>(), job % MEMBERS)).into_iter();
    let trials: Vec<Stack> = (0..FOLDS).map(|_| average(parts.by_ref().take(MEMBERS))).collect();
    let stack = average(parts);
    let apart: Vec<&Row> = corpus.rows.iter().filter(|row| chosen_on(row.source)).collect();
    let apart: Vec<(&Row, [f32; INPUTS])> = apart.iter().copied().zip(inputs_of(&apart, folds)).collect();
    let thresholds = choose_thresholds(&stack, &trials, &examples, &apart, out)?;
    sentiment_recall(&trials, &examples, out)?;
    Ok(Second { stack, thresholds })
}

/// The mean of networks that use different hidden units: one network whose logits are the mean of theirs.
fn average(members: impl Iterator<Item = Stack>) -> Stack {
    let mut mean = Stack::zero();
    #[expect(clippy::cast_precision_loss, reason = "a handful of members")]
    let share = 1.0 / MEMBERS as f32;
    for member in members {
        let pairs = [
            (mean.first.as_flattened_mut(), member.first.as_flattened(), 1.0),
            (mean.first_bias.as_mut_slice(), member.first_bias.as_slice(), 1.0),
            (mean.second.as_flattened_mut(), member.second.as_flattened(), share),
            (mean.direct.as_flattened_mut(), member.direct.as_flattened(), share),
            (mean.second_bias.as_mut_slice(), member.second_bias.as_slice(), share),
        ];
        for (sums, parts, share) in pairs {
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part * share;
            }
        }
    }
    mean
}

/// Sentiment counts its three classes alike; a head's rows count so that no head outweighs the others.
fn balance(examples: &mut [Example], totals: &[[f32; 2]; OUTPUTS]) {
    let class_share: [f32; 3] = std::array::from_fn(|class| totals[HEADS + class][1].max(1.0));
    let all: f32 = class_share.iter().sum();
    for example in examples {
        for output in 0..HEADS {
            example.wanted[output].1 *= 20_000.0 / (totals[output][0] + totals[output][1]).max(1.0);
        }
        if let Some(class) = (0..3).find(|class| example.wanted[HEADS + class].0 > 0.5) {
            for output in HEADS..OUTPUTS {
                example.wanted[output].1 = 40_000.0 / all * (all / 3.0 / class_share[class]);
            }
        }
    }
}

/// Adam over mini-batches; logistic loss for the heads, softmax for the sentiment. Hidden units of other members stay
/// zero, because nothing leads to or from them.
fn descend(examples: &[&Example], member: usize) -> Stack {
    let mut random = Random(23 + member as u64);
    let units = member * (HIDDEN / MEMBERS)..(member + 1) * (HIDDEN / MEMBERS);
    let mut stack = Stack::zero();
    #[expect(clippy::cast_precision_loss, reason = "a count of inputs")]
    let spread = (2.0 / INPUTS as f32).sqrt();
    for row in &mut stack.first {
        for unit in units.clone() {
            row[unit] = random.signed() * spread;
        }
    }
    for row in &mut stack.second[units] {
        row[..OUTPUTS].copy_from_slice(&std::array::from_fn::<f32, OUTPUTS, _>(|_| random.signed() * 0.1));
    }
    let mut adam = Adam::new(&stack);
    let mut order: Vec<usize> = (0..examples.len()).collect();
    for pass in 0..PASSES {
        random.shuffle(&mut order);
        #[expect(clippy::cast_precision_loss, reason = "a count of passes")]
        let rate = RATE * (1.0 - pass as f32 / PASSES as f32);
        for batch in order.chunks(BATCH) {
            let mut gradient = Stack::zero();
            for &index in batch {
                add_gradient(&stack, examples[index], &mut gradient);
            }
            adam.step(&mut stack, &gradient, rate);
        }
    }
    stack
}

fn add_gradient(stack: &Stack, example: &Example, gradient: &mut Stack) {
    let mut hidden = stack.first_bias;
    for (input, row) in example.inputs.iter().zip(&stack.first) {
        for unit in 0..HIDDEN {
            hidden[unit] += input * row[unit];
        }
    }
    let outputs = stack.run(&example.inputs);
    let mut errors = [0.0_f32; OUTPUTS];
    for output in 0..HEADS {
        let (wanted, weight) = example.wanted[output];
        errors[output] = weight * (1.0 / (1.0 + (-outputs[output]).exp()) - wanted);
    }
    let outputs = &outputs[..OUTPUTS];
    let top = outputs[HEADS..].iter().fold(f32::MIN, |a, b| a.max(*b));
    let sum: f32 = outputs[HEADS..].iter().map(|x| (x - top).exp()).sum();
    for output in HEADS..OUTPUTS {
        let (wanted, weight) = example.wanted[output];
        errors[output] = weight * ((outputs[output] - top).exp() / sum - wanted);
    }
    let mut back = [0.0_f32; HIDDEN];
    for unit in 0..HIDDEN {
        if hidden[unit] > 0.0 {
            for output in 0..OUTPUTS {
                gradient.second[unit][output] += errors[output] * hidden[unit];
                back[unit] += errors[output] * stack.second[unit][output];
            }
        }
        gradient.first_bias[unit] += back[unit];
    }
    for (index, input) in example.inputs.iter().enumerate() {
        if *input != 0.0 {
            for unit in 0..HIDDEN {
                gradient.first[index][unit] += input * back[unit];
            }
            for output in 0..OUTPUTS {
                gradient.direct[index][output] += input * errors[output];
            }
        }
    }
    for output in 0..OUTPUTS {
        gradient.second_bias[output] += errors[output];
    }
}

struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
}

impl Adam {
    fn new(stack: &Stack) -> Adam {
        let count = stack.to_flat().len();
        Adam { first: vec![0.0; count], second: vec![0.0; count], steps: 0 }
    }

    fn step(&mut self, stack: &mut Stack, gradient: &Stack, rate: f32) {
        self.steps += 1;
        let (fade1, fade2) = (1.0 - 0.9_f32.powi(self.steps), 1.0 - 0.999_f32.powi(self.steps));
        let batch = 1.0 / f32::from(u8::try_from(BATCH).expect("a small batch"));
        let (first, second) = (&mut self.first, &mut self.second);
        let mut at = 0;
        let mut update = |weight: &mut f32, slope: f32| {
            let slope = slope * batch + DECAY * *weight;
            first[at] = 0.9 * first[at] + 0.1 * slope;
            second[at] = 0.999 * second[at] + 0.001 * slope * slope;
            *weight -= rate * (first[at] / fade1) / ((second[at] / fade2).sqrt() + 1e-7);
            at += 1;
        };
        let pairs = [
            (stack.first.as_flattened_mut(), gradient.first.as_flattened()),
            (stack.first_bias.as_mut_slice(), gradient.first_bias.as_slice()),
            (stack.second.as_flattened_mut(), gradient.second.as_flattened()),
            (stack.direct.as_flattened_mut(), gradient.direct.as_flattened()),
            (stack.second_bias.as_mut_slice(), gradient.second_bias.as_slice()),
        ];
        for (weights, slopes) in pairs {
            for (weight, slope) in weights.iter_mut().zip(slopes) {
                update(weight, *slope);
            }
        }
    }
}

/// Sets kept apart that thresholds may be chosen on, besides the fold that this layer has not seen.
fn chosen_on(source: Source) -> bool {
    matches!(
        source,
        Source::OlidVal
            | Source::HatEvalVal
            | Source::MeasuringDev
            | Source::EdosDev
            | Source::HatemojiVal
            | Source::TemplateVal
            | Source::Toxicr
    )
}

/// The label of a row kept apart, if its set says anything of the head.
fn label_apart(row: &Row, head: Head) -> Option<bool> {
    match (row.source, head) {
        (Source::TemplateVal, Head::Offensive) => None,
        (Source::TemplateVal, _) => (row.stated[head as usize] >= 0).then(|| row.stated[head as usize] == 1),
        (Source::OlidVal, Head::Offensive) | (Source::Toxicr, Head::Incivility) => Some(row.label > 0),
        (Source::OlidVal | Source::Toxicr, _) => None,
        (_, Head::IdentityHate) => Some(row.label > 0),
        _ => None,
    }
}

/// The threshold that is best for the macro F1 of a head on rows that neither layer has seen: every fold by the layers
/// trained on the others, and the sets kept apart. Weak labels are nearly separable, hence the limits of one fifth and
/// four fifths.
fn choose_thresholds(
    stack: &Stack,
    trials: &[Stack],
    rows: &[Example],
    apart: &[(&Row, [f32; INPUTS])],
    out: &mut impl Write,
) -> std::io::Result<[f32; HEADS]> {
    let mut thresholds = [0.5; HEADS];
    for head in Head::ALL {
        let output = head as usize;
        let says = |stack: &Stack, inputs: &[f32; INPUTS]| probabilities_of(&stack.run(inputs))[output];
        let weak = head == Head::Incivility;
        let seen = rows
            .iter()
            .filter(|row| !weak && row.wanted[output].1 > 0.0 && (head != Head::Offensive || row.source == Source::Olid))
            .map(|row| (row.source, (says(&trials[usize::from(row.fold)], &row.inputs), row.wanted[output].0 > 0.5)));
        let kept = apart.iter().filter_map(|(row, inputs)| Some((row.source, (says(stack, inputs), label_apart(row, head)?))));
        let mut sets: BTreeMap<Source, Vec<(f32, bool)>> = BTreeMap::new();
        for (source, pair) in seen.chain(kept) {
            sets.entry(source).or_default().push(pair);
        }
        // A set that lacks one of the classes says nothing of macro F1.
        sets.retain(|_, pairs| pairs.iter().any(|pair| pair.1) && pairs.iter().any(|pair| !pair.1));
        let (score, best) = (8..=32)
            .map(|step| f32::from(u8::try_from(step).expect("small")) * 0.025)
            .map(|threshold| (mean_macro_f1(&sets, threshold), threshold))
            .fold((0.0, 0.5), |a, b| if b.0 > a.0 { b } else { a });
        thresholds[output] = best;
        write!(out, "threshold {}: {best:.3}, mean macro F1 {score:.4}:", head.id())?;
        for (source, pairs) in &sets {
            write!(out, " {source:?} {:.4}", macro_f1_at(pairs, best))?;
        }
        writeln!(out)?;
    }
    Ok(thresholds)
}

/// Every set counts alike, whatever its size.
fn mean_macro_f1(sets: &BTreeMap<Source, Vec<(f32, bool)>>, threshold: f32) -> f32 {
    let scores = sets.values().map(|pairs| macro_f1_at(pairs, threshold));
    scores.sum::<f32>() / f32::from(u8::try_from(sets.len().max(1)).unwrap_or(u8::MAX))
}

/// How well sentiment does on every fold by the layers trained on the others.
fn sentiment_recall(trials: &[Stack], rows: &[Example], out: &mut impl Write) -> std::io::Result<()> {
    let mut right = [0.0_f32; 3];
    let mut all = [0.0_f32; 3];
    for row in rows.iter().filter(|row| row.source == Source::Sentiment) {
        let outputs = trials[usize::from(row.fold)].run(&row.inputs);
        let answer = (0..3).fold(0, |best, class| if outputs[HEADS + class] > outputs[HEADS + best] { class } else { best });
        let wanted = usize::try_from(row.label).unwrap_or(0);
        all[wanted] += 1.0;
        right[wanted] += f32::from(u8::from(answer == wanted));
    }
    let recalls: [f32; 3] = std::array::from_fn(|class| right[class] / all[class].max(1.0));
    let recall = recalls.iter().sum::<f32>() / 3.0;
    writeln!(out, "sentiment: recall {recalls:.4?}, macro {recall:.4} on {} rows", all.iter().sum::<f32>())
}
