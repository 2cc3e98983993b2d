//! The members that responses must have, against botocore's service models.

use rolecall_aws::{Api, CALLS, Form, NOT_REQUIRED, RESPONSES};
use rolecall_e2e::run::run_script;
use serde_json::{Value, json};

/// Returns the service and the operation as botocore names them.
fn names(api: Api) -> [String; 2] {
    let name = api.to_string();
    let (service, operation) = name.split_once(':').unwrap();
    [service.to_owned(), operation.to_owned()]
}

fn entry(api: Api, path: &str, form: Form) -> Value {
    let [service, operation] = names(api);
    let form = match form {
        Form::List => "list",
        Form::Text => "text",
        Form::Object => "object",
    };
    json!([service, operation, path, form])
}

#[test]
fn the_table_of_responses_agrees_with_botocores_output_shapes() {
    let required = RESPONSES.iter().flat_map(|response| {
        response.members.iter().map(|member| entry(response.api, member.path, member.form))
    });
    let tables = json!({
        "operations": CALLS.iter().map(|call| names(call.api)).collect::<Vec<_>>(),
        "required": required.collect::<Vec<_>>(),
        "notRequired": NOT_REQUIRED.iter().map(|(api, path)| entry(*api, path, Form::List)).collect::<Vec<_>>(),
    });
    let differences =
        run_script::<&str>("response_shapes.py", "http://127.0.0.1:9", &[], &tables.to_string());
    assert_eq!(differences, "");
}
