use super::{Invalid, allow, text_type};

text_type! {
    /// A time as `systemd.time(7)` has it, such as `daily` or `Mon..Fri 08:30`; the host has the last word.
    CalendarTime, "a calendar time", calendar_time
}

fn calendar_time(text: &str) -> Result<(), Invalid> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" *:,.-/~_+".contains(&byte);
    allow(
        !text.is_empty()
            && text.len() <= 100
            && text.bytes().all(plain)
            && !text.starts_with(' ')
            && !text.ends_with(' '),
        "as `systemd-analyze calendar` takes it, such as `daily`, `*:0/15` or `Mon..Fri 08:30`",
    )?;
    allow(
        text.split(' ').count() < 5,
        "five fields are cron's: use the key `cron`",
    )
}
