//! The support cases as a database, made when they are first asked for, and anew each day.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use jiff::civil::Date;
use trino_sql::{Column, Database, Error, Table};

use crate::cases::{self, COLUMNS, CasesConfig};

/// How many of the columns are partitions.
const PARTITIONS: usize = 2;

#[derive(Debug)]
pub(crate) struct Lake {
    pub(crate) config: CasesConfig,
    made: Mutex<Option<(Date, Database)>>,
}

impl Lake {
    pub(crate) fn new(config: CasesConfig) -> Self {
        Self { config, made: Mutex::default() }
    }

    pub(crate) fn database(&self, now: SystemTime) -> Result<Database, Error> {
        let day = cases::fetched_on(now);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, database)) = &*made
            && *of == day
        {
            return Ok(database.clone());
        }
        let rows = cases::cases(now).into_iter().map(cases::Case::row).collect();
        let columns = COLUMNS.iter().enumerate().map(|(index, name)| Column {
            partition: index + PARTITIONS >= COLUMNS.len(),
            ..Column::new(*name, "varchar")
        });
        let table = Table { name: self.config.table.clone(), columns: columns.collect(), rows };
        let database = Database::new(&self.config.database, vec![table])?;
        *made = Some((day, database.clone()));
        Ok(database)
    }
}
