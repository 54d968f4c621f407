use crate::scratch;
use pendio::{Loop, STREAMING};
use std::io::{ErrorKind, Read, Result};
use std::os::unix::net::UnixStream;

const O_RDWR: i32 = 2;
const O_CREAT: i32 = 0o100;

#[test]
fn file_lives_its_whole_life() -> Result<()> {
    let (path, other) = (scratch("life"), scratch("other"));
    let event_loop = Loop::new()?;
    let context = event_loop.pool(1, 256)?.get()?;
    let mut opened = event_loop.block_on(context.open(&path, O_RDWR | O_CREAT, 0o600)?)?;
    let file = opened.take_handle()?;

    let mut context = opened.into_context();
    context.memory_mut().fill(7);
    let written = event_loop.block_on(context.write(&file, 0)?)?;
    assert_eq!(written.result()?, 256);
    let synced = event_loop.block_on(written.into_context().fsync(&file, true)?)?;
    synced.result()?;
    let cut = event_loop.block_on(synced.into_context().truncate(&file, 100)?)?;
    cut.result()?;
    let known = event_loop.block_on(cut.into_context().stat(&file)?)?;
    assert_eq!(known.value(), 100);

    let mut context = known.into_context();
    context.memory_mut().fill(0);
    let read = event_loop.block_on(context.read(&file, 50)?)?;
    assert_eq!(read.data(), [7; 50]);
    let renamed = event_loop.block_on(read.into_context().rename(&path, &other)?)?;
    renamed.result()?;
    let known = event_loop.block_on(renamed.into_context().stat_path(&other)?)?;
    assert_eq!(known.value(), 100);
    let gone = event_loop.block_on(known.into_context().unlink(&other)?)?;
    gone.result()?;
    let missing = event_loop.block_on(gone.into_context().open(&other, O_RDWR, 0)?)?;
    assert_eq!(missing.result().unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

#[test]
fn directory_is_made_and_removed() -> Result<()> {
    let path = scratch("directory");
    let event_loop = Loop::new()?;
    let context = event_loop.pool(1, 0)?.get()?;
    let made = event_loop.block_on(context.make_directory(&path, 0o700)?)?;
    made.result()?;
    assert!(path.is_dir());
    event_loop.block_on(made.into_context().remove_directory(&path)?)?.result()?;
    assert!(!path.exists());
    Ok(())
}

#[test]
fn file_opened_in_vain_is_closed() -> Result<()> {
    let event_loop = Loop::new()?;
    let context = event_loop.pool(1, 0)?.get()?;
    let opened = event_loop.block_on(context.open("/dev/null", O_RDWR, 0)?)?;
    assert_eq!(event_loop.statistics()?.handles_open, 1);
    drop(opened);
    assert_eq!(event_loop.statistics()?.handles_open, 0);
    Ok(())
}

#[test]
fn bytes_are_spliced_and_packets_sent_through_the_raw_level() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, mut there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let context = event_loop.pool(1, 0)?.get()?;
    static TEXT: &[u8] = b"packet";
    let packet = pendio::sys::pendio_packet {
        memory: TEXT.as_ptr() as *mut _,
        byte_count: TEXT.len() as u64,
        ..Default::default()
    };
    let handle = here.id().raw();
    // SAFETY: one start; the packet is copied, and its memory stays for ever.
    let started = unsafe {
        context.start_with(false, |context| {
            pendio::sys::pendio_send_packets(context, handle, &packet, 1, 0)
        })
    };
    let sent = event_loop.block_on(started?)?;
    assert_eq!(sent.result()?, TEXT.len());
    let mut seen = [0; 6];
    there.read_exact(&mut seen)?;
    assert_eq!(seen, TEXT);
    let context = sent.into_context();
    let none = event_loop.block_on(context.splice(&here, STREAMING, &here, STREAMING, 1)?)?;
    assert_eq!(none.result().unwrap_err().kind(), ErrorKind::InvalidInput, "none is a pipe");
    Ok(())
}
