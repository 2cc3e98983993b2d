//! Using a template is the same as writing out what it makes.

use proptest::prelude::*;

use crate::templates::config;

/// The values of one use.
#[derive(Debug, Clone)]
struct Given {
    devs: Vec<&'static str>,
    oncall: Vec<&'static str>,
    users: Vec<&'static str>,
    sets: Vec<&'static str>,
    domains: Vec<String>,
    places: Places,
    end: Option<&'static str>,
    why: String,
}

#[derive(Debug, Clone)]
enum Places {
    Named(Vec<&'static str>),
    Selectors(Vec<&'static str>),
}

fn quoted<T: AsRef<str>>(values: &[T]) -> String {
    values.iter().map(|value| format!("{:?}", value.as_ref())).collect::<Vec<_>>().join(" ")
}

const PARAMETERS: &str = r#"
    parameter "devs" kind="group"
    parameter "oncall" kind="group" empty="allowed"
    parameter "users" kind="text" empty="allowed"
    parameter "sets" kind="permission-set" empty="allowed"
    parameter "domains" kind="text"
    parameter "places" kind="accounts"
    parameter "end" kind="text" empty="allowed"
    parameter "why" kind="text"
"#;

/// A line of a template, and what it says when it is written out.
type Line = (&'static str, fn(&Given) -> Option<String>);

/// The lines that a template is made of.
const LINES: &[Line] = &[
    (
        r#"assign "Deploy" { to (param)"devs" (param)"oncall"; on { ou "a"; only { tag "domain" "x" (param)"domains" } } }"#,
        |given| {
            let to = quoted(&[given.devs.clone(), given.oncall.clone()].concat());
            Some(format!(
                r#"assign "Deploy" {{ to {to}; on {{ ou "a"; only {{ tag "domain" "x" {} }} }} }}"#,
                quoted(&given.domains)
            ))
        },
    ),
    (r#"assign (param)"sets" "Audit" { to (param)"oncall"; on (param)"places" }"#, |given| {
        let sets = quoted(&[given.sets.clone(), vec!["Audit"]].concat());
        let on = given.places.on();
        (!given.oncall.is_empty()).then(|| format!("assign {sets} {{ to {}; {on} }}", quoted(&given.oncall)))
    }),
    (
        r#"assign "Deploy" { to (param)"devs"; on { every-member-account; except { name "b"; accounts (param)"places" } }; until (param)"end" }"#,
        |given| {
            let except = given.places.lines();
            given.end.map(|end| {
            format!(r#"assign "Deploy" {{ to {}; on {{ every-member-account; except {{ name "b"; {except} }} }}; until "{end}" }}"#, quoted(&given.devs))
        })
        },
    ),
    (
        r#"assign (param)"sets" { to (param)"devs"; to-user (param)"users"; on "prod" (param)"places"; reason (param)"why" }"#,
        |given| {
            let users = if given.users.is_empty() {
                String::new()
            } else {
                format!("to-user {};", quoted(&given.users))
            };
            (!given.sets.is_empty()).then(|| {
                format!(
                    "assign {} {{ to {}; {users} on \"prod\"; {}; reason {:?} }}",
                    quoted(&given.sets),
                    quoted(&given.devs),
                    given.places.on(),
                    given.why
                )
            })
        },
    ),
    (r#"assign "Deploy" { to (param)"oncall"; to-user (param)"users"; on "prod" }"#, |given| {
        let to = |word: &str, names: &[&str]| {
            if names.is_empty() { String::new() } else { format!("{word} {};", quoted(names)) }
        };
        let (to, users) = (to("to", &given.oncall), to("to-user", &given.users));
        (!to.is_empty() || !users.is_empty())
            .then(|| format!("assign \"Deploy\" {{ {to} {users} on \"prod\" }}"))
    }),
];

impl Places {
    fn on(&self) -> String {
        match self {
            Self::Named(names) => format!("on {}", quoted(names)),
            Self::Selectors(lines) => format!("on {{ {} }}", lines.join("; ")),
        }
    }

    fn lines(&self) -> String {
        match self {
            Self::Named(names) => format!("accounts {}", quoted(names)),
            Self::Selectors(lines) => lines.join("; "),
        }
    }

    fn given(&self) -> String {
        match self {
            Self::Named(names) => format!("places {}", quoted(names)),
            Self::Selectors(lines) => format!("places {{ {} }}", lines.join("; ")),
        }
    }
}

impl Given {
    fn written(&self) -> String {
        let line = |word: &str, values: String| {
            if values.is_empty() { String::new() } else { format!("{word} {values}\n") }
        };
        [
            line("why", format!("{:?}", self.why)),
            line("oncall", quoted(&self.oncall)),
            line("devs", quoted(&self.devs)),
            line("users", quoted(&self.users)),
            line("sets", quoted(&self.sets)),
            line("domains", quoted(&self.domains)),
            line("end", quoted(&Vec::from_iter(self.end))),
            self.places.given(),
        ]
        .concat()
    }
}

fn given() -> impl Strategy<Value = Given> {
    let some =
        |names: &[&'static str], least: usize| prop::sample::subsequence(names.to_vec(), least..=names.len());
    let places = prop_oneof![
        some(&["test", "pci"], 1).prop_map(Places::Named),
        some(
            &["ou \"c\" depth=\"direct\"", "account \"d\" \"111122223333\"", "accounts \"pci\"", "ou \"e\""],
            1
        )
        .prop_map(Places::Selectors),
    ];
    (
        some(&["g0", "g1", "g2"], 1),
        some(&["g3", "g4"], 0),
        some(&["jane", "joe@acme.com"], 0),
        some(&["Deploy", "ReadOnly"], 0),
        prop::collection::btree_set("[a-w][ -~]{0,8}", 1..4),
        places,
        prop::option::of(Just("2027-01-31")),
        "[!-~][ -~]{0,12}",
    )
        .prop_map(|(devs, oncall, users, sets, domains, places, end, why)| Given {
            devs,
            oncall,
            users,
            sets,
            domains: domains.into_iter().collect(),
            places,
            end,
            why,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn using_a_template_is_writing_it_out(
        lines in prop::sample::subsequence(LINES.to_vec(), 1..=LINES.len()).prop_shuffle(),
        uses in prop::collection::vec(given(), 0..4),
        first in any::<bool>(),
    ) {
        let body: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
        let template = format!("template \"t\" {{\n{PARAMETERS}{body}}}\n");
        let used: String = uses.iter().map(|given| format!("use \"t\" {{\n{}\n}}\n", given.written())).collect();
        let made = if first { format!("{template}{used}") } else { format!("{used}{template}") };
        let written: Vec<String> =
            uses.iter().flat_map(|given| lines.iter().filter_map(|(_, line)| line(given))).collect();
        prop_assert_eq!(config(&made), config(&written.join("\n")));
    }
}
