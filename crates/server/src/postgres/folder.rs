//! Folders and files that only their owner may touch.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown, lchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use super::StartError;
use super::identity::Identity;

/// A socket's path has to fit into 107 bytes, and its own name takes 14 of them.
const SOCKET_FOLDER_MAX_BYTES: usize = 90;

/// Makes `path` a folder that only the owner can enter, or makes sure that it is one.
/// Its name may be known to others and its parent open to all.
pub fn private(path: &Path, identity: Identity) -> Result<(), StartError> {
    let (uid, gid) = identity.owner();
    let made = DirBuilder::new().mode(0o700).create(path);
    if let Err(error) = made
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(StartError::file("create the folder", path)(error));
    }
    let found = fs::symlink_metadata(path).map_err(StartError::file("look at", path))?;
    let suspicious = |problem: String| StartError::Suspicious { path: path.to_owned(), problem };
    if !found.is_dir() {
        return Err(suspicious("should be a folder; remove it".to_owned()));
    }
    if found.mode() & 0o077 != 0 {
        return Err(suspicious("is open to other users; run `chmod 700` on it".to_owned()));
    }
    if found.uid() == uid {
        return Ok(());
    }
    if found.uid() != geteuid().as_raw() {
        let owner = found.uid();
        return Err(suspicious(format!("belongs to user {owner}, not to user {uid}; remove it")));
    }
    lchown(path, Some(uid), gid).map_err(StartError::file("change the owner of", path))
}

/// Opens a file for Farol and the owner of the cluster, without following a link.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let existed = path.exists();
    let file =
        options.create(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)?;
    let folder = path.parent().map(fs::metadata).transpose()?;
    // Made by root in a user's folder: that user must be able to go on without root.
    if let Some(folder) = folder
        && !existed
        && geteuid().is_root()
    {
        fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(file)
}

/// Where the socket goes: below the cluster, or in the temporary folder when libpq could not
/// connect there.
pub fn sockets(dir: &Path, identity: Identity) -> Result<PathBuf, StartError> {
    let fits = |path: &Path| {
        let bytes = path.as_os_str().as_bytes();
        bytes.len() <= SOCKET_FOLDER_MAX_BYTES && !bytes.iter().any(|byte| b",\"".contains(byte))
    };
    let near = dir.join("run");
    if fits(&near) {
        return Ok(near);
    }
    let found = fs::metadata(dir).map_err(StartError::file("look at", dir))?;
    let (uid, _) = identity.owner();
    let name = format!("farol-{uid}-{:x}-{:x}", found.dev(), found.ino());
    let far = std::env::temp_dir().join(name);
    if fits(&far) {
        return Ok(far);
    }
    let problem = "is too long a path for a socket; set FAROL_DATA_DIR to a shorter one".to_owned();
    Err(StartError::Suspicious { path: near, problem })
}
