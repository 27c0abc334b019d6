//! The pictures of the pages, drawn by the program itself: held against what it draws now, or drawn anew.

use std::fs;
use std::path::{Path, PathBuf};

use cotrace::tui::Rehearsal;

use super::{options, then};
use crate::program::{CaseFile, Ran, root, sample, tell};

/// Asks for the pictures to be drawn anew.
const ANEW: &str = "COTRACE_PICTURES";

/// The size of a picture, in characters.
const SIZE: (u16, u16) = (110, 26);

/// A picture: its name, the sample, and the keys that lead there.
const PICTURES: [(&str, &str, &str); 11] = [
    ("overview", "nightly-2017", ""),
    ("tasks", "nightly-2017", "2@2017-08-30T09:00:00Z<Enter>"),
    ("graph", "nightly-2017", "2/buildlinux64nightly<Enter>3"),
    ("chain", "attacks/altered-artifact", "4"),
    ("artifacts", "attacks/altered-artifact", "4jj<Enter><Tab><Tab><Tab><Tab><Tab>"),
    ("attestation", "nightly-2017", "2/beetmoverwin64<Enter>4<Enter><Tab><Tab><Tab><Tab><Tab><Tab>"),
    ("time", "nightly-2017", "5@2017-08-30T09:00:00Z<Enter>+++<Tab>"),
    ("keys", "nightly-2017", "6/178C25F7<Enter>d@2017-06-27<Enter>+"),
    ("findings", "attacks/altered-artifact", "7"),
    ("document", "attacks/altered-artifact", "7<Enter>"),
    ("notes", "attacks/altered-artifact", NOTES),
];

/// Notes of several kinds.
const NOTES: &str = "7areviewed: stored bytes differ, the statement is genuine #storage<Enter>\
                     jaaccepted: the same archive, seen from the other side<Enter>\
                     2aask the release engineers who could write there #storage<Enter>8";

/// The folder of the pictures.
fn folder() -> PathBuf {
    root().join("docs/tui")
}

fn drawn(capture: &str, keys: &str) -> String {
    let case = CaseFile::empty();
    // A name that says what it is: it is in the picture.
    let name = Path::new(capture).file_name().unwrap();
    let case = CaseFile { path: case.folder.path().join(name).with_extension("sqlite"), ..case };
    let from = sample(capture);
    let arguments = ["import", "--accept-keys", "--operator", "J. Doe"];
    Ran::of(case.command().args(arguments).arg(from)).exits(0);
    let mut ui = Rehearsal::new(options(&case.path, then()), SIZE.0, SIZE.1);
    assert!(ui.press(keys), "{keys} names no keys");
    let picture = ui.svg();
    assert!(
        !picture.contains(&*case.folder.path().to_string_lossy()),
        "{keys}: the folder of the case is in the picture"
    );
    picture
}

#[test]
fn the_pictures_of_the_pages_are_what_the_program_draws() {
    let anew = std::env::var_os(ANEW).is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for (name, capture, keys) in PICTURES {
        let path = folder().join(format!("{name}.svg"));
        let picture = drawn(capture, keys);
        if anew {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, picture).unwrap();
            tell(&format!("drew {}", path.display()));
        } else if fs::read_to_string(&path).unwrap_or_default() != picture {
            wrong.push(name);
        }
    }
    assert!(
        wrong.is_empty(),
        "the pictures of {wrong:?} are not what is drawn now; {ANEW}=1 cargo test --test it tui::pictures draws them anew"
    );
}

#[test]
fn every_picture_is_on_a_page_and_every_page_has_its_pictures() {
    let pages = ["README.md", "docs/tui.md"].map(|page| fs::read_to_string(root().join(page)).unwrap()).concat();
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut drawn: Vec<String> = PICTURES.iter().map(|(name, ..)| format!("{name}.svg")).collect();
    drawn.sort();
    assert_eq!(there, drawn, "pictures that nobody draws, or that are not there");
    for name in drawn {
        assert!(pages.contains(&format!("tui/{name})")), "{name} is on no page");
    }
}
