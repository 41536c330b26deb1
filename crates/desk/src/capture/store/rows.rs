//! Many rows in few statements, the same text each time: what makes taking in tens of thousands of messages a second possible.

use crate::{
    db::{Tx, Value, sql},
    error,
};

/// Rows of one statement, largest first. Few sizes, so that prepared statements are found again; the largest keeps the widest table far
/// below the 32,766 parameters that SQLite takes.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// Rows on their way into a table.
pub(crate) struct Rows {
    /// `INSERT INTO table (columns) VALUES`.
    head: &'static str,
    /// What stands behind the values: what to do about rows that are there.
    tail: &'static str,
    columns: usize,
    values: Vec<Value>,
}

impl Rows {
    pub(crate) fn new(head: &'static str, tail: &'static str, columns: usize) -> Self {
        Self { head, tail, columns, values: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(N, self.columns, "{}", self.head);
        self.values.extend(row);
    }

    /// Inserts all.
    pub(crate) async fn insert(self, tx: &mut Tx) -> error::Result<()> {
        let mut left = self.values.len() / self.columns;
        let mut values = self.values.into_iter();
        for size in SIZES {
            while left >= size {
                let text = format!("{} {} {}", self.head, tx.tuples(size, self.columns), self.tail);
                let mut query = sql(text);
                for value in values.by_ref().take(size * self.columns) {
                    query = query.bind(value);
                }
                query.execute(tx).await?;
                left -= size;
            }
        }
        Ok(())
    }
}

/// Splits keys into lots of the same few sizes; the last is filled up by repeating a key.
pub(crate) fn lots(keys: &[Value]) -> impl Iterator<Item = Vec<Value>> + '_ {
    keys.chunks(SIZES[0]).map(|chunk| {
        let size = SIZES.iter().rev().copied().find(|size| *size >= chunk.len()).unwrap_or(SIZES[0]);
        let filler = std::iter::repeat_n(chunk[0].clone(), size - chunk.len());
        chunk.iter().cloned().chain(filler).collect()
    })
}

/// `$1,$2,…` for a lot of keys.
pub(crate) fn places(count: usize) -> String {
    (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{lots, places};
    use crate::db::Value;

    #[test]
    fn placeholders_count_through() {
        assert_eq!(places(3), "$1,$2,$3");
    }

    #[test]
    fn lots_have_few_sizes_and_every_key() {
        let keys: Vec<Value> = (0..300i64).map(Value::from).collect();
        let sizes: Vec<_> = lots(&keys).map(|lot| lot.len()).collect();
        assert_eq!(sizes, [256, 64]);
        assert!(lots(&keys).flatten().filter(|key| keys.contains(key)).count() == 320);
    }
}
