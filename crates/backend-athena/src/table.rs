//! A table, as Glue has it.

use std::time::SystemTime;

use crate::rows::Column;
use crate::wire;

/// A table, as Glue has it.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its columns, in order, those it is partitioned by last.
    pub columns: Vec<Column>,
    /// The names of the columns that it is partitioned by.
    pub partitioned_by: Vec<String>,
    /// How big its data was when a crawler last looked, in bytes.
    pub size_bytes: Option<u64>,
    /// When its entry was last changed, by a crawler for instance.
    pub updated_at: Option<SystemTime>,
}

impl Table {
    /// Whether it has a column of this name.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.name == column)
    }
}

impl From<wire::Table> for Table {
    fn from(table: wire::Table) -> Self {
        let updated_at = table.updated_at();
        let column = |column: wire::TableColumn| Column { name: column.name, kind: column.r#type };
        let mut columns: Vec<Column> =
            table.storage_descriptor.columns.into_iter().map(column).collect();
        let partitions: Vec<Column> = table.partition_keys.into_iter().map(column).collect();
        let partitioned_by = partitions.iter().map(|column| column.name.clone()).collect();
        columns.extend(partitions);
        // What a crawler counts, it writes there.
        let size = table.parameters.get("sizeKey").and_then(|size| size.parse().ok());
        Self { columns, partitioned_by, size_bytes: size, updated_at }
    }
}
