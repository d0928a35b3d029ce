//! Whatever is written in a file, nothing panics, and an accepted value has only its alphabet.

use deployer::config::{
    AbsPath, AppName, Config, EnvKey, EnvName, GitRef, HostAddress, IndexUrl, PackageName,
    PythonVersion, RelPath, RepoUrl, ServerName, ServiceName, Size, UrlPath, UserName, WsgiApp,
};
use proptest::prelude::*;

const GOOD: &str = include_str!("cases/config/minimal.yaml");

/// Text near to what is allowed, so that a good part of it is accepted, and text that is far from it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z/.]{1,12}",
        "[a-zA-Z0-9/._:@~*%;$ -]{0,20}",
        any::<String>()
    ]
}

/// `None` where the text is refused, else whether it has only letters, digits and `more`.
fn within<'a, T: TryFrom<&'a str>>(text: &'a str, more: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || more.contains(letter);
    T::try_from(text).is_err()
        || (!text.is_empty() && !text.starts_with('-') && text.chars().all(plain))
}

proptest! {
    #[test]
    fn an_accepted_value_has_only_its_alphabet(text in text()) {
        prop_assert!(within::<AppName>(&text, "-"));
        prop_assert!(within::<EnvName>(&text, "_-"));
        prop_assert!(within::<UserName>(&text, "_-"));
        prop_assert!(within::<PackageName>(&text, "+.-"));
        prop_assert!(within::<ServiceName>(&text, ":_.@-"));
        prop_assert!(within::<EnvKey>(&text, "_"));
        prop_assert!(within::<AbsPath>(&text, "/._-"));
        prop_assert!(within::<RelPath>(&text, "/._-"));
        prop_assert!(within::<UrlPath>(&text, "/._~-"));
        prop_assert!(within::<HostAddress>(&text, "._:-"));
        prop_assert!(within::<ServerName>(&text, "*._-"));
        prop_assert!(within::<IndexUrl>(&text, ":/._~+-"));
        prop_assert!(within::<RepoUrl>(&text, ":@/._~+-"));
        prop_assert!(within::<PythonVersion>(&text, "."));
        prop_assert!(within::<WsgiApp>(&text, "_.:()"));
        prop_assert!(within::<Size>(&text, ""));
    }

    #[test]
    fn no_path_leaves_its_place(text in text()) {
        let leaves = |text: &str| text.split('/').any(|part| part == "..") || text.contains("//");
        prop_assert!(AbsPath::try_from(text.as_str()).is_err() || (text.starts_with('/') && !leaves(&text)));
        prop_assert!(RelPath::try_from(text.as_str()).is_err() || (!text.starts_with('/') && !leaves(&text)));
        prop_assert!(UrlPath::try_from(text.as_str()).is_err() || (text.starts_with('/') && !leaves(&text)));
    }

    #[test]
    fn a_ref_has_no_control_character_and_is_no_option(text in any::<String>()) {
        let harmless = !text.starts_with('-') && !text.chars().any(|letter| letter.is_control() || letter == ' ');
        prop_assert!(GitRef::try_from(text.as_str()).is_err() || harmless);
    }

    #[test]
    fn a_size_is_shown_as_it_can_be_read(count in 1_u32..=1024, unit in "[kmg]") {
        let size = Size::try_from(format!("{count}{unit}").as_str()).expect("a size");
        prop_assert_eq!(Size::try_from(size.to_string().as_str()), Ok(size));
    }

    #[test]
    fn no_text_makes_it_panic(source in any::<String>()) {
        check(&source);
    }

    #[test]
    fn no_text_in_a_good_file_makes_it_panic(
        at in 0..GOOD.len(),
        length in 0_usize..20,
        text in prop_oneof!["[-:#&*!|>'\"%@`{}\\[\\],\n\t ?a-z0]{0,12}", any::<String>()],
    ) {
        let end = (at + length).min(GOOD.len());
        check(&format!("{}{text}{}", &GOOD[..at], &GOOD[end..]));
    }
}

/// Good, or wrong with at least one thing that can be shown.
fn check(source: &str) {
    if let Err(errors) = Config::parse(source, "deploy.yaml", "production") {
        assert!(errors.count() > 0, "{source}");
        assert!(!errors.to_string().is_empty() && !errors.render(true).is_empty());
    }
}
