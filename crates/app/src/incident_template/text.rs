//! Texts with variables: minijinja without loading, with a budget, and without guessing.
use minijinja::value::Serde;
use minijinja::{Environment, Error as Fault, ErrorKind, UndefinedBehavior};
use serde_json::{Map, Value};

use crate::{Error, FieldError};

/// What one rendering may cost: as many instructions, or 64 times as many bytes.
const FUEL: u64 = 20_000;
/// Most variables of one text. Finding out which are missing takes a rendering of each.
const VARIABLES_MAX: usize = 50;

/// A text of a template, and where a request names it.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    pub pointer: &'static str,
    pub source: &'a str,
    /// Most characters it may give.
    pub limit: u64,
}

/// What is wrong with the text of a template, as far as that can be told without its variables.
pub fn check(text: Text<'_>) -> Option<FieldError> {
    let broken = |detail: String| Some(field(text.pointer, "template", detail));
    let used = match variables(text.source) {
        Ok(used) if used.len() > VARIABLES_MAX => {
            return broken(format!("has more than {VARIABLES_MAX} variables"));
        }
        Ok(used) => used,
        Err(fault) => return broken(fault.to_string()),
    };
    // What is called instead of shown is seen as a function only while nothing has its name.
    let absent = std::iter::once(None).chain(used.iter().map(Some));
    let mut faults = absent.filter_map(|absent| {
        let mut sample = Map::new();
        used.iter().filter(|it| Some(*it) != absent).for_each(|it| plant(&mut sample, it));
        render(text.source, &sample).err()
    });
    let fault = faults.find(|it| is_of_the_template(it.kind()));
    fault.and_then(|it| broken(it.to_string()))
}

/// The text with its variables filled in. Says which of them are missing.
pub fn fill(text: Text<'_>, given: &Map<String, Value>) -> Result<String, Error> {
    let wrong = |detail: String| Error::invalid("/template", "template", detail);
    let name = text.pointer.trim_start_matches('/');
    match render(text.source, given) {
        Ok(filled) if filled.trim().is_empty() => Err(wrong(format!("its {name} is empty"))),
        Ok(filled) if u64::try_from(filled.chars().count()).is_ok_and(|it| it > text.limit) => {
            Err(wrong(format!("its {name} has more than {} characters", text.limit)))
        }
        Ok(filled) => Ok(filled),
        Err(fault) if fault.kind() == ErrorKind::UndefinedError => {
            Err(Error::Invalid(missing(text.source, given)))
        }
        Err(fault) => Err(wrong(format!("its {name}: {fault}"))),
    }
}

/// Variables that the text cannot do without. One is such if the text fails when all others are
/// there: a variable with a default is not.
fn missing(source: &str, given: &Map<String, Value>) -> Vec<FieldError> {
    let used = variables(source).unwrap_or_default();
    let absent: Vec<&String> = used.iter().filter(|it| !is_given(given, it)).collect();
    let needed = |path: &&&String| {
        let mut all_others = given.clone();
        for other in absent.iter().filter(|it| **it != **path) {
            plant(&mut all_others, other);
        }
        render(source, &all_others).is_err_and(|it| it.kind() == ErrorKind::UndefinedError)
    };
    let field_of = |path: &&String| {
        let pointer = format!("/variables/{}", path.replace('.', "/"));
        field(&pointer, "undefined", format!("the template needs `{path}`"))
    };
    let fields: Vec<FieldError> = absent.iter().filter(needed).map(field_of).collect();
    if fields.is_empty() {
        let detail = "the template needs a part that one of them does not have".to_owned();
        return vec![field("/variables", "undefined", detail)];
    }
    fields
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A text shows what it was given and nothing else.
    environment.remove_global("debug");
    environment
}

fn render(source: &str, variables: &Map<String, Value>) -> Result<String, Fault> {
    environment().render_named_str("text", source, minijinja::Value::from(Serde(variables)))
}

/// Paths of the variables that a text uses, in order.
fn variables(source: &str) -> Result<Vec<String>, Fault> {
    let environment = environment();
    let ours: Vec<&str> = environment.globals().map(|it| it.0).collect();
    let template = environment.template_from_named_str("text", source)?;
    let mut used: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    used.retain(|it| !ours.contains(&it.as_str()));
    used.sort_unstable();
    Ok(used)
}

fn is_given(given: &Map<String, Value>, path: &str) -> bool {
    let mut steps = path.split('.');
    let first = steps.next().and_then(|it| given.get(it));
    steps.try_fold(first, |at, step| at.map(|it| it.get(step))).flatten().is_some()
}

/// Puts something at the path, where nothing else is in the way.
fn plant(variables: &mut Map<String, Value>, path: &str) {
    match path.split_once('.') {
        None => {
            variables.entry(path).or_insert_with(|| "x".into());
        }
        Some((first, rest)) => {
            let inner = variables.entry(first).or_insert_with(|| Map::new().into());
            if let Value::Object(inner) = inner {
                plant(inner, rest);
            }
        }
    }
}

/// Whether a fault lies in the template, whatever its variables are.
fn is_of_the_template(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::SyntaxError
            | ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::OutOfFuel
    )
}

fn field(pointer: &str, code: &'static str, detail: String) -> FieldError {
    FieldError { pointer: pointer.to_owned(), code, detail }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(source: &str) -> Text<'_> {
        Text { pointer: "/title", source, limit: 200 }
    }

    fn filled(source: &str, variables: Value) -> Result<String, Vec<String>> {
        fill(text(source), variables.as_object().unwrap()).map_err(|error| match error {
            Error::Invalid(fields) => fields.into_iter().map(|it| it.pointer).collect(),
            other => panic!("{other}"),
        })
    }

    #[test]
    fn broken_templates_are_found_when_they_are_saved() {
        for broken in [
            "{{ region",
            "{% if region %}",
            "{{ region | nonsense }}",
            "{{ nonsense() }}",
            "{% include 'other' %}",
            "{% import 'other' as it %}",
            "{% extends 'other' %}",
            "{{ debug() }}",
            "{{ 'x' * 100000000 }}",
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        ] {
            let fault = check(text(broken));
            assert_eq!(fault.map(|it| it.pointer).as_deref(), Some("/title"), "{broken}");
        }
        let many: String = (0..51).map(|n| format!("{{{{ v{n} }}}}")).collect();
        assert!(check(text(&many)).is_some());
        for good in ["{{ region }}", "{% for it in all %}{{ it.name }}{% endfor %}", "100 %", ""] {
            assert_eq!(check(text(good)), None, "{good}");
        }
    }

    #[test]
    fn variables_are_filled_in_and_missing_ones_named() {
        let given = json!({"region": "eu", "alert": {"host": "db1"}, "all": ["a", "b"]});
        for (source, result) in [
            ("{{ region|upper }} <b>", Ok("EU <b>")),
            ("{{ alert.host }}: {{ all|join(', ') }}", Ok("db1: a, b")),
            ("{{ zone|default('?') }}", Ok("?")),
            ("{% if zone is defined %}{{ zone }}{% else %}-{% endif %}", Ok("-")),
            ("{{ zone }}{{ b }}{{ c|default('') }}", Err(vec!["/variables/b", "/variables/zone"])),
            ("{{ alert.port }}", Err(vec!["/variables/alert/port"])),
            ("{{ all[7].name }}", Err(vec!["/variables"])),
            ("{% if zone %}x{% endif %}", Err(vec!["/variables/zone"])),
            ("{% for it in range(201) %}x{% endfor %}", Err(vec!["/template"])),
            ("  ", Err(vec!["/template"])),
        ] {
            let result = result
                .map(str::to_owned)
                .map_err(|it: Vec<&str>| it.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(filled(source, given.clone()), result, "{source}");
        }
        let grown = "{% set a = region * 64 %}{% set b = a * 64 %}{{ b * 64 * 64 }}";
        assert_eq!(filled(grown, given), Err(vec!["/template".to_owned()]));
    }
}
