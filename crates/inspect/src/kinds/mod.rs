//! The registry: one file per kind of personal data. The list below generates `--list`, the documentation and the tests.
//!
//! A kind says what it is called, where it is issued, how it is written, how it is checked, which words speak for it,
//! and shows examples and counter-examples, which are its tests. Shapes are written with `d` for a digit, `L` for a
//! letter, `X` for either, `{n}` for repetition and `~` for "nothing, a space, a hyphen or a dot, the same everywhere"; any other
//! character stands for itself.
//!
//! Invariant: a check is pure arithmetic on at most [`crate::detect::CANDIDATE_MAX`] bytes.

use crate::check;

/// What a check says about a candidate whose shape already fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Breaks the issuer's rules.
    No,
    /// Possible, but only with a supporting word.
    Weak,
    /// Fulfils the issuer's rules.
    Good,
}

impl Check {
    /// A pass counts as possible only, when `weak` holds.
    pub(crate) fn and_weak(self, weak: bool) -> Self {
        if self == Self::Good && weak { Self::Weak } else { self }
    }
}

impl From<bool> for Check {
    fn from(passes: bool) -> Self {
        if passes { Self::Good } else { Self::No }
    }
}

/// A stretch of text whose shape fits a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    /// Letters and digits only, upper case.
    pub norm: &'a [u8],
    /// As written.
    pub raw: &'a [u8],
}

impl Candidate<'_> {
    /// Whether separators were written.
    pub(crate) fn separated(&self) -> bool {
        self.raw.len() != self.norm.len()
    }

    /// The number in `norm[from..to]`.
    pub(crate) fn number(&self, from: usize, to: usize) -> u64 {
        check::number(&self.norm[from..to])
    }

    /// Whether every letter was written as a capital.
    pub(crate) fn is_upper(&self) -> bool {
        !self.raw.iter().any(u8::is_ascii_lowercase)
    }
}

/// Families of kinds that can be chosen together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Cards, accounts, tax and company numbers.
    Financial,
    /// Numbers that a state gives to a person.
    National,
    /// Numbers and words about health.
    Health,
    /// How to reach a person: mail, telephone, address, name.
    Contact,
    /// Passports, licences, vehicles.
    Document,
    /// Machines and networks.
    Technical,
    /// Dates, ages.
    Time,
    /// Words about health, belief, orientation, membership.
    Special,
    /// Keys, tokens, passwords.
    Secret,
    /// Terms of the operator's lists.
    Terms,
    /// Defined by the operator.
    Custom,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 11] = [
        Self::Financial,
        Self::National,
        Self::Health,
        Self::Contact,
        Self::Document,
        Self::Technical,
        Self::Time,
        Self::Special,
        Self::Secret,
        Self::Terms,
        Self::Custom,
    ];

    /// The name used in configuration and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Financial => "financial",
            Self::National => "national",
            Self::Health => "health",
            Self::Contact => "contact",
            Self::Document => "document",
            Self::Technical => "technical",
            Self::Time => "time",
            Self::Special => "special",
            Self::Secret => "secret",
            Self::Terms => "terms",
            Self::Custom => "custom",
        }
    }
}

/// One kind of personal data.
#[derive(Debug)]
pub struct Kind {
    /// The name in reports.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Its family.
    pub group: Group,
    /// ISO 3166 codes of the issuing countries; empty when it is not national.
    pub countries: &'static [&'static str],
    /// How it is made up and what the check covers.
    pub docs: &'static str,
    /// Supporting words by language.
    pub words: &'static [(&'static str, &'static [&'static str])],
    /// Texts in which it must be found.
    pub examples: &'static [&'static str],
    /// Texts in which it must not be found.
    pub counter_examples: &'static [&'static str],
    pub(crate) shapes: &'static [&'static str],
    pub(crate) check: fn(&Candidate<'_>) -> Check,
    /// What a passed check means, for the reason.
    pub(crate) proof: &'static str,
    /// Score in percent without a supporting word; 0 when a word is required.
    pub(crate) alone: u8,
    /// Score in percent with a supporting word.
    pub(crate) supported: u8,
}

/// The starting point of every kind's definition.
pub(crate) const BLANK: Kind = Kind {
    id: "",
    title: "",
    group: Group::National,
    countries: &[],
    docs: "",
    words: &[],
    examples: &[],
    counter_examples: &[],
    shapes: &[],
    check: |_| Check::No,
    proof: "written in the issuer's format",
    alone: 0,
    supported: 85,
};

/// What every kind's file needs.
pub(crate) mod prelude {
    pub(crate) use super::{BLANK, Candidate, Check, Group, Kind};
    pub(crate) use crate::check::*;
}

macro_rules! kinds {
    ($($module:ident),* $(,)?) => {
        $(pub(crate) mod $module;)*
        /// Every kind, in the order of the documentation; the index is the kind's number inside this process.
        pub(crate) static ALL: &[&Kind] = &[$(&$module::KIND),*];
        /// Index of each kind by its module's name.
        #[expect(non_upper_case_globals, reason = "named after the modules")]
        pub(crate) mod index {
            #[expect(non_camel_case_types, reason = "named after the modules")]
            enum Number { $($module),* }
            $(pub(crate) const $module: u16 = Number::$module as u16;)*
        }
        // Also what keeps an index that no scanner names from being unused.
        const _: () = {
            let mut position = 0;
            $(assert!(index::$module == position, "an index is its kind's position in ALL"); position += 1;)*
            assert!(position as usize == [$(stringify!($module)),*].len());
        };
    };
}

kinds! {
    credit_card,
    iban_code,
    email_address,
    phone_number,
    person,
    street_address,
    date_time,
    age,
    ip_address,
    mac_address,
    url,
    secret,
    listed_term,
    us_ssn,
    us_itin,
    us_ein,
    aba_routing_number,
    us_bank_number,
    us_npi,
    medical_license,
    us_mbi,
    us_passport,
    us_driver_license,
    us_claim_number,
    us_health_insurance_member_id,
    us_prescription_number,
    us_prior_authorization_number,
    us_referral_number,
    us_provider_tax_id,
    ca_sin,
    ca_postal_code,
    ca_business_number,
    uk_nino,
    uk_nhs,
    uk_passport,
    uk_driving_licence,
    uk_postcode,
    uk_vehicle_registration,
    uk_utr,
    uk_sort_code,
    ie_pps,
    de_tax_id,
    de_tax_number,
    de_vat_id,
    de_id_card,
    de_passport,
    de_social_security,
    de_health_insurance,
    de_lanr,
    de_bsnr,
    de_fuehrerschein,
    de_handelsregister,
    de_kfz,
    de_plz,
    fr_nir,
    fr_spi,
    fr_siret,
    fr_vat,
    es_nif,
    es_nie,
    es_cif,
    es_social_security,
    es_passport,
    it_fiscal_code,
    it_vat_code,
    it_identity_card,
    it_passport,
    it_driver_license,
    nl_bsn,
    nl_vat,
    nl_passport,
    be_national_number,
    be_vat,
    lu_national_id,
    pl_pesel,
    pl_nip,
    pl_regon,
    pl_id_card,
    pt_nif,
    pt_citizen_card,
    se_personnummer,
    se_organisationsnummer,
    no_fodselsnummer,
    no_orgnr,
    dk_cpr,
    fi_personal_identity_code,
    is_kennitala,
    at_svnr,
    at_vat,
    ch_ahv,
    ch_uid,
    cz_rodne_cislo,
    cz_dic,
    hu_tax_id,
    hu_taj,
    ro_cnp,
    ro_cui,
    bg_egn,
    hr_oib,
    si_emso,
    ee_isikukood,
    lv_personas_kods,
    gr_afm,
    gr_amka,
    mt_id,
    cy_tic,
    tr_national_id,
    tr_license_plate,
    ru_inn,
    ru_snils,
    ua_rntrc,
    kz_iin,
    in_aadhaar,
    in_pan,
    in_gstin,
    in_voter,
    in_passport,
    in_vehicle_registration,
    pk_cnic,
    sg_nric_fin,
    sg_uen,
    my_nric,
    th_tnin,
    id_nik,
    ph_tin,
    ph_umid,
    ph_passport,
    kr_rrn,
    kr_frn,
    kr_brn,
    kr_passport,
    kr_driver_license,
    jp_my_number,
    cn_ric,
    tw_id,
    hk_id,
    il_id,
    ae_emirates_id,
    sa_id,
    eg_id,
    au_tfn,
    au_abn,
    au_acn,
    au_medicare,
    nz_ird,
    nz_nhi,
    br_cpf,
    br_cnpj,
    ar_cuit,
    cl_rut,
    co_nit,
    mx_curp,
    mx_rfc,
    pe_ruc,
    ec_cedula,
    uy_rut,
    ve_rif,
    do_cedula,
    za_id_number,
    za_vat_number,
    za_income_tax_number,
    za_company_registration,
    za_traffic_register_number,
    za_license_plate,
    ng_nin,
    ng_vehicle_registration,
    vin,
    imei,
    lei,
    swift_bic,
    crypto,
    uuid,
    coordinates,
    special_category,
    nrp,
}

#[cfg(test)]
mod tests;

/// Every built-in kind.
pub fn all() -> &'static [&'static Kind] {
    ALL
}
