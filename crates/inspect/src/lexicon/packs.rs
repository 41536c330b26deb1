//! The lists that ship with the product, with the sentences that they must find and must leave alone.

/// A starter pack.
#[derive(Clone, Copy, Debug)]
pub struct Pack {
    /// File name, also the identifier of its list.
    pub name: &'static str,
    /// The list.
    pub list: &'static str,
    /// Its tests: a line `+ text` must be found, a line `- text` must not.
    pub tests: &'static str,
}

macro_rules! packs {
    ($($name:literal),+ $(,)?) => {
        &[$(Pack {
            name: $name,
            list: include_str!(concat!("packs/", $name, ".list")),
            tests: include_str!(concat!("packs/", $name, ".tests")),
        }),+]
    };
}

/// Every pack, in alphabetical order.
pub const STARTER_PACKS: &[Pack] = packs!["banking", "confidential", "crisis", "health-care", "insider", "self-harm", "threats"];
