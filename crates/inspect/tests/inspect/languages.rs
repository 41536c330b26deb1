//! A number is found beside the words of eight languages, whatever country it belongs to.

use super::found;

#[test]
fn words_of_eight_languages_speak_for_a_number() {
    let inspector = super::inspector();
    let passport = ["passport", "Reisepass", "passeport", "pasaporte", "passaporto", "paspoort", "passaporte", "paszport"];
    let tax = [
        "tax number",
        "Steuernummer",
        "numéro fiscal",
        "número fiscal",
        "codice fiscale",
        "belastingnummer",
        "contribuinte",
        "numer podatkowy",
    ];
    // Numbers of two countries may have the same check digit: either name will do.
    for (words, value, names) in [(passport, "533380006", ["PASSPORT", ""]), (tax, "86095742719", ["DE_TAX_ID", "HR_OIB"])] {
        let is_wanted = |kind: &str| names.iter().any(|name| !name.is_empty() && kind.contains(name));
        for word in words {
            let kinds: Vec<String> = found(&inspector, &format!("{word}: {value}")).into_iter().map(|(kind, _)| kind).collect();
            assert!(kinds.iter().any(|kind| is_wanted(kind)), "{word}: {kinds:?}");
        }
        let alone = found(&inspector, &format!("shelf {value}"));
        assert!(!alone.iter().any(|(kind, _)| is_wanted(kind)), "{alone:?}");
    }
}

#[test]
fn a_word_of_the_kinds_own_weighs_more_than_one_of_its_sort() {
    let inspector = super::inspector();
    let card = found(&inspector, "Personalausweis T220001293");
    assert_eq!(card.first().map(|(kind, _)| kind.as_str()), Some("DE_ID_CARD"), "{card:?}");
}
