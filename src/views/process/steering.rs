//! Steering on statuses: how many cases there are, how long they take and how many are late, by phase, process type and
//! authority, at the end of a period. Counted of the statuses themselves; keeps nothing.
//!
//! - A case counts (`aantal`) in the group of the status that it had at the end of the last day of the period.
//! - It is late (`te laat`) when it was not closed then and the target day of that status had passed.
//! - Lead time, without phases: whole days from the first status to each closing in the period. By phase: whole days from
//!   entering the phase to leaving it, for stays that ended in the period.
//! - Percentiles are by nearest rank: the least value that at least so many of a hundred do not exceed.

use crate::registry::process::{CaseRow, CaseTable, rules};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What figures are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Phase of the status.
    Phase,
    /// Version of the process type.
    ProcessType,
    /// Competent authority.
    Authority,
}

impl Grouping {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Phase, Self::ProcessType, Self::Authority];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Phase => "fase",
            Self::ProcessType => "processtype",
            Self::Authority => "bestuur",
        }
    }

    /// What a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// The values that a row of figures is about; `None` for what is not told apart, or not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Place of the phase in their order, then its code.
    pub phase: Option<(usize, String)>,
    /// IRI of the process type.
    pub process_type: Option<String>,
    /// IRI of the authority.
    pub authority: Option<String>,
}

/// Lead times in whole days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeadTimes {
    /// How many there are.
    pub count: usize,
    /// Half of them take no longer.
    pub p50: Option<i64>,
    /// Nine of ten take no longer.
    pub p90: Option<i64>,
}

/// Figures of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Cases.
    pub cases: usize,
    /// Those that are late.
    pub late: usize,
    /// Lead times.
    pub lead: LeadTimes,
}

/// What figures are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steering {
    /// What is told apart.
    pub by: Vec<Grouping>,
    /// First day; none for the beginning.
    pub from: Option<Date>,
    /// Last day.
    pub until: Date,
}

/// The value that at least so many of a hundred do not exceed, of values in their order.
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn days(from: &str, until: &str) -> Option<i64> {
    let (from, until): (Date, Date) = (from.parse().ok()?, until.parse().ok()?);
    from.until(until)
        .ok()
        .map(|span| i64::from(span.get_days()))
}

/// The figures of a table of cases, by group in their order.
pub fn steer(table: &CaseTable, asked: &Steering) -> BTreeMap<Group, Figures> {
    let (rules, until) = (rules(), asked.until.to_string());
    let from = asked.from.map(|day| day.to_string());
    let in_period = |day: &str| day <= until.as_str() && from.as_deref().is_none_or(|f| day >= f);
    let by_phase = asked.by.contains(&Grouping::Phase);
    let group = |row: &CaseRow, phase: &str| Group {
        phase: by_phase.then(|| (rules.rank(phase).unwrap_or(usize::MAX), phase.to_owned())),
        process_type: row
            .process_type
            .clone()
            .filter(|_| asked.by.contains(&Grouping::ProcessType)),
        authority: row
            .authority
            .clone()
            .filter(|_| asked.by.contains(&Grouping::Authority)),
    };
    let mut figures: BTreeMap<Group, Figures> = BTreeMap::new();
    let mut times: BTreeMap<Group, Vec<i64>> = BTreeMap::new();
    for row in &table.rows {
        let Some(current) = row.at_end_of(&until) else {
            continue;
        };
        let own = figures.entry(group(row, &current.phase)).or_default();
        own.cases += 1;
        let passed = current
            .due
            .as_deref()
            .is_some_and(|due| due < until.as_str());
        own.late += usize::from(passed && !rules.is_closed(&current.phase));
        let first = row
            .statuses
            .first()
            .map_or("", |status| status.day.as_str());
        let mut entered = first;
        for pair in row.statuses.windows(2) {
            let [before, after] = pair else { continue };
            if before.phase == after.phase {
                continue;
            }
            let closes = rules.is_closed(&after.phase);
            if in_period(&after.day) && (by_phase || closes) {
                let start = if by_phase { entered } else { first };
                let taken = days(start, &after.day);
                let of = group(row, &before.phase);
                times.entry(of).or_default().extend(taken);
            }
            entered = &after.day;
        }
    }
    for (group, mut taken) in times {
        taken.sort_unstable();
        figures.entry(group).or_default().lead = LeadTimes {
            count: taken.len(),
            p50: percentile(&taken, 50),
            p90: percentile(&taken, 90),
        };
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::process::CaseStatus;

    fn row(id: &str, history: &[(&str, &str, Option<&str>)]) -> CaseRow {
        let statuses = history
            .iter()
            .zip(1..)
            .map(|((day, phase, due), number)| CaseStatus {
                iri: format!("urn:x:{id}-{number}"),
                number,
                step: None,
                phase: (*phase).to_owned(),
                code: None,
                at: (*day).to_owned(),
                day: (*day).to_owned(),
                due: due.map(str::to_owned),
                needs_action: false,
                action: None,
            });
        CaseRow {
            id: id.to_owned(),
            title: None,
            process_type: Some("urn:x:type".to_owned()),
            authority: None,
            statuses: statuses.collect(),
        }
    }

    #[test]
    fn cases_are_counted_where_they_stood() {
        let table = CaseTable {
            rows: vec![
                row(
                    "2026-1",
                    &[
                        ("2026-01-01", "Samenstelling", Some("2026-01-10")),
                        ("2026-01-05", "Behandeling", Some("2026-02-01")),
                        ("2026-03-01", "Afgerond", None),
                    ],
                ),
                row(
                    "2026-2",
                    &[("2026-01-02", "Samenstelling", Some("2026-01-31"))],
                ),
                row("2026-3", &[("2026-04-01", "Samenstelling", None)]),
            ],
        };
        let asked = |until: &str, by: &[Grouping]| Steering {
            by: by.to_vec(),
            from: None,
            until: until.parse().expect("a day"),
        };
        let all = steer(&table, &asked("2026-02-10", &[]));
        let all: Vec<_> = all.values().collect();
        assert_eq!((all[0].cases, all[0].late, all[0].lead.count), (2, 2, 0));
        let end = steer(&table, &asked("2026-03-31", &[Grouping::Phase]));
        let told: Vec<(&str, usize, usize, Option<i64>)> = end
            .iter()
            .map(|(group, figures)| {
                let phase = group.phase.as_ref().map_or("", |(_, code)| code.as_str());
                (phase, figures.cases, figures.late, figures.lead.p50)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Samenstelling", 1, 1, Some(4)),
                ("Behandeling", 0, 0, Some(55)),
                ("Afgerond", 1, 0, None),
            ]
        );
        let whole = steer(&table, &asked("2026-12-31", &[]));
        assert_eq!(whole.values().next().map(|f| f.lead.p90), Some(Some(59)));
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<i64> = (1..=10).collect();
        assert_eq!(percentile(&values, 50), Some(5));
        assert_eq!(percentile(&values, 90), Some(9));
        assert_eq!(percentile(&[7], 90), Some(7));
        assert_eq!(percentile(&[], 50), None);
    }
}
