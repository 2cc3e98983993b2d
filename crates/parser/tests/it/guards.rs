//! What the `guard` nodes of a project say together.

use rolecall_model::Code;
use rolecall_model::config::{On, RowFilter};

use crate::case::{HEAD, check, check_files, groups, permission_sets, user_names};

#[test]
fn the_strictest_guard_holds() {
    let deletions = |text: &str| {
        let limits = check(text).config().guard.max_deletions;
        (limits.count, limits.percent, limits.origin.is_some())
    };
    assert_eq!(deletions(""), (50, 30, false));
    assert_eq!(deletions("guard { max-deletions 25 percent=40 }"), (25, 40, true));
    let three = "guard { max-deletions 25 }\nguard { max-deletions 100 percent=10 }\nguard { max-deletions 60 percent=20 }";
    assert_eq!(deletions(three), (25, 10, true));
}

#[test]
fn guards_of_several_files_add_up() {
    let config = check_files(&[
        (
            "rolecall.kdl",
            format!(
                r#"{HEAD}include "guards.kdl"
                guard {{
                    max-grants 200
                    protect "BreakGlass" "Gone"
                    exception "prod" {{
                        to "a"
                        to-user "joe@acme.com"
                        permission-set "Deploy"
                        on "prod"
                        until "2027-02-01"
                        reason "SEC-77"
                    }}
                    require-until
                    require-until within-days=30 {{ permission-set "Deploy" }}
                }}
                group "a"
                group "b"
                accounts "prod" {{ ou "Prod" }}
                permission-set "Deploy"
                external-permission-set "Audit"
                "#
            ),
        ),
        (
            "guards.kdl",
            r#"guard {
                max-grants 100
                protect "BreakGlass"
                forbid "prod" {
                    permission-set "Deploy" "Audit"
                    grants-policy "job-function/Billing" "arn:aws:iam::aws:policy/AdministratorAccess"
                    to "b"
                    to-user "jane@acme.com"
                    on "prod"
                    on { account "payments-prod" }
                    except-to "a"
                    except-to-user "bg-01@acme.com"
                }
                forbid "all" { except-to "a" }
            }"#
            .to_owned(),
        ),
    ])
    .config();
    let guard = &config.guard;
    let (declared, sets) = (groups(&config), permission_sets(&config));
    assert_eq!(guard.max_grants.unwrap().count, 100);
    let protected: Vec<&str> = guard.protected.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(protected, ["BreakGlass", "Gone"]);
    let [all, prod] = guard.forbids.as_slice() else { panic!() };
    assert_eq!((all.name.as_str(), prod.name.as_str()), ("all", "prod"));
    assert_eq!(all.rows, RowFilter { except_groups: vec![declared[0]], ..RowFilter::default() });
    let deploy = sets[0];
    let RowFilter { permission_sets, grants_policies, groups, users, on, except_groups, except_users } =
        &prod.rows;
    assert_eq!(*permission_sets, sets);
    assert_eq!(*grants_policies, ["arn:aws:iam::aws:policy/AdministratorAccess", "job-function/Billing"]);
    assert_eq!((groups.as_slice(), except_groups.as_slice()), (&declared[1..], &declared[..1]));
    assert_eq!(
        (user_names(users), user_names(except_users)),
        (vec!["jane@acme.com"], vec!["bg-01@acme.com"])
    );
    assert!(matches!(on.as_slice(), [On::Set(set, _), On::Selection(_, _)] if set.position() == 0));
    let [exception] = prod.exceptions.as_slice() else { panic!() };
    assert_eq!(exception.rows.permission_sets, [deploy]);
    assert_eq!(exception.rows.groups, declared[..1]);
    assert_eq!(user_names(&exception.rows.users), ["joe@acme.com"]);
    assert_eq!(exception.rows.on.len(), 1);
    assert_eq!((exception.until.date, exception.reason.as_str()), ("2027-02-01".parse().unwrap(), "SEC-77"));
    let [every, deploying] = guard.require_untils.as_slice() else { panic!() };
    assert_eq!((every.within_days, &every.rows), (None, &RowFilter::default()));
    assert_eq!((deploying.within_days, deploying.rows.permission_sets.as_slice()), (Some(30), &[deploy][..]));
}

#[test]
fn an_exception_is_not_unknown_where_its_forbid_was_not_read() {
    let exception = "guard { exception \"x\" { until \"2027-02-01\"; reason \"SEC-77\" } }\n";
    for (broken, code) in [
        ("guard { forbd \"x\" { to-user \"a@acme.com\" } }", Code::UnknownNode),
        ("gaurd { forbid \"x\" { to-user \"a@acme.com\" } }", Code::UnknownNode),
        ("guard { forbid \"x\" { to-user \"a@acme.com\" ] } }", Code::Syntax),
        ("guard { forbid x { to-user \"a@acme.com\" } }", Code::UnquotedValue),
    ] {
        let text = format!("{HEAD}{exception}{broken}");
        assert_eq!(check_files(&[("rolecall.kdl", &text)]).codes(), [code], "{broken}");
    }
    let files = [
        ("rolecall.kdl", format!("{HEAD}{exception}include \"team.kdl\" {{ may-contain \"group\" }}\n")),
        ("team.kdl", "guard { forbid \"x\" { to-user \"a@acme.com\" } }".to_owned()),
    ];
    assert_eq!(check_files(&files).codes(), [Code::MayNotContain]);
}
