//! Tax identification number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_TAX_ID",
    title: "Tax identification number (Germany)",
    group: Group::National,
    countries: &["DE"],
    docs: "Eleven digits, not beginning with 0, one digit twice or three times among the first ten; ISO 7064 MOD 11,10 (§ 139b AO).",
    words: &[
        (
            "de",
            &[
                "steuer id",
                "steueridentifikationsnummer",
                "steuer identifikationsnummer",
                "steuerid",
                "idnr",
                "tin",
                "steuerliche identifikationsnummer",
                "identifikationsnummer",
            ],
        ),
        ("en", &["tax id", "german tax", "tax identification"]),
    ],
    examples: &["Steuer-ID 86 095 742 719", "IdNr. 65929970489"],
    counter_examples: &["Steuer-ID 86095742718"],
    shapes: &["d{11}", "dd ddd ddd ddd", "dd-ddd-ddd-ddd"],
    check: tax_id,
    proof: "digit pattern and check digit fit",
    supported: 93,
    ..BLANK
};

fn tax_id(c: &Candidate<'_>) -> Check {
    let mut counts = [0; 10];
    for d in &c.norm[..10] {
        counts[digit(*d) as usize] += 1;
    }
    let repeats = counts.iter().filter(|n| **n > 1).count();
    let most = counts.iter().max().copied().unwrap_or(0);
    Check::from(c.norm[0] != b'0' && repeats == 1 && most <= 3 && mod11_10(c.norm))
}
