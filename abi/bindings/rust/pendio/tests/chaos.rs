//! Operations are started, left, cancelled, dropped and kept at random, and their loop ends before
//! or after all else: no memory that was given back is written to, and no descriptor stays open.
//!
//! `PENDIO_TEST_SECONDS` makes it longer; `PENDIO_TEST_SEED` makes it the same again.

use pendio::{Close, Context, Event, Events, Handle, Loop, Policy, Pool, Start, Started};
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const BYTES: usize = 4096;
const SENT_BY_PEER: u8 = 0xEE;
const GIVEN_BACK: u8 = 0x11;

struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

/// One loop, from its beginning to its end. Its peers send and receive as long as they can.
struct Round {
    draw: Draw,
    pool: Pool,
    handles: Vec<Handle>,
    held: Vec<Started>,
    events: Events,
    neighbours: Vec<Vec<u8>>, // of what operations work on, and often in its former place
    peers: Vec<JoinHandle<()>>,
}

impl Round {
    fn new(event_loop: &Loop, seed: u64) -> Result<Round> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (mut handles, mut peers) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let mut there = TcpStream::connect(listener.local_addr()?)?;
            let mut back = there.try_clone()?;
            handles.push(event_loop.adopt(listener.accept()?.0)?);
            let some = [SENT_BY_PEER; 1000];
            peers.push(thread::spawn(move || while there.write_all(&some).is_ok() {}));
            peers.push(thread::spawn(move || while back.read(&mut [0; 1000]).unwrap_or(0) > 0 {}));
        }
        Ok(Round {
            draw: Draw(seed | 1),
            pool: event_loop.pool(32, 256)?,
            handles,
            held: Vec::new(),
            events: Events::new(),
            neighbours: Vec::new(),
            peers,
        })
    }

    fn step(&mut self, event_loop: &Loop) -> Result<()> {
        match self.draw.below(10) {
            0..=4 => self.start()?,
            5 => drop(event_loop.turn(Some(Duration::ZERO), &mut self.events)?),
            6 => drop(event_loop.turn(Some(Duration::from_micros(200)), &mut self.events)?),
            7 => self.let_go(),
            8 => self.look_at_neighbours(),
            _ => self.look_at_events(),
        }
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        let context = match self.pool.get() {
            Ok(context) => context,
            Err(_) => return Ok(()), // all are under way
        };
        let context = self.prepare(context)?;
        if let Ok(started) = self.start_any(context) {
            match self.draw.below(4) {
                0 => started.leave(&mut self.events),
                1 => drop(started),
                _ => self.held.push(started),
            }
        }
        Ok(())
    }

    fn prepare(&mut self, mut context: Context) -> Result<Context> {
        match self.draw.below(5) {
            0 => context.set_vector(vec![0; BYTES])?,
            1 => context.set_pieces(vec![vec![0; BYTES]; 3])?,
            2 => context.set_lending()?,
            _ => {}
        }
        context.set_peek(self.draw.one_in(4))?;
        context.set_zero_copy(self.draw.one_in(2))?;
        context.set_policy(*self.draw.of(&[Policy::Auto, Policy::Try, Policy::Queue]))?;
        if self.draw.one_in(4) {
            context.set_deadline(Duration::from_micros(self.draw.below(2000)))?;
        }
        Ok(context)
    }

    fn start_any(&mut self, context: Context) -> Start {
        let handle = self.draw.of(&self.handles);
        match self.draw.below(12) {
            0..=5 => context.receive(handle),
            6..=9 => context.send(handle),
            10 => context.timer(Duration::from_micros(self.draw.below(3000))),
            _ if self.draw.one_in(30) => {
                context.close(handle, *self.draw.of(&[Close::Graceful, Close::Abortive]))
            }
            _ => context.nop(),
        }
    }

    fn let_go(&mut self) {
        if self.held.is_empty() || self.draw.one_in(3) {
            return self.held.clear();
        }
        let which = self.draw.below(self.held.len() as u64) as usize;
        match (self.held.swap_remove(which), self.draw.below(3)) {
            (Started::Done(completed), _) => drop(completed),
            (Started::Pending(pending), 0) => {
                let _ = pending.cancel(); // refused: it is over
                self.held.push(Started::Pending(pending));
            }
            (Started::Pending(pending), 1) => {
                self.held.extend(pending.take().err().map(Started::Pending));
            }
            (Started::Pending(pending), _) => pending.leave(),
        }
    }

    fn look_at_neighbours(&mut self) {
        self.neighbours.push(vec![GIVEN_BACK; BYTES]);
        let are_right = |one: &Vec<u8>| one.iter().all(|&byte| byte == GIVEN_BACK);
        assert!(self.neighbours.iter().all(are_right), "it is written to by nobody");
        self.neighbours.truncate(64);
    }

    fn look_at_events(&mut self) {
        for event in self.events.drain(..) {
            if let Event::Completed(completed) = event {
                let data = completed.data();
                let is_received = completed.operation() == pendio::sys::PENDIO_OPERATION_RECEIVE;
                assert!(!is_received || data.iter().all(|&byte| byte == SENT_BY_PEER));
            }
        }
    }

    fn end(mut self, event_loop: Loop) -> Result<()> {
        match self.draw.below(4) {
            0 => drop(event_loop),
            1 => assert_eq!(event_loop.end(), 0),
            2 => {
                event_loop.shutdown()?;
                while event_loop.turn(None, &mut self.events).is_ok() {}
                drop(event_loop);
            }
            _ => {
                self.held.clear();
                self.handles.clear();
                self.events.clear();
                drop(event_loop);
            }
        }
        self.look_at_neighbours();
        let Round { pool, handles, held, events, peers, .. } = self;
        drop((handles, events, held, pool));
        peers.into_iter().for_each(|peer| peer.join().expect("it does not panic"));
        Ok(())
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn open_descriptors() -> Result<usize> {
    Ok(std::fs::read_dir("/proc/self/fd")?.count())
}

#[test]
fn nothing_is_written_to_after_its_time() -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
    let mut seed = number("PENDIO_TEST_SEED").unwrap_or(now);
    let until = Instant::now() + Duration::from_secs(number("PENDIO_TEST_SECONDS").unwrap_or(1));
    let before = open_descriptors()?;
    while Instant::now() < until {
        println!("PENDIO_TEST_SEED={seed}"); // seen when it fails
        let event_loop = Loop::new()?;
        let mut round = Round::new(&event_loop, seed)?;
        for _ in 0..round.draw.below(3000) {
            round.step(&event_loop)?;
        }
        round.end(event_loop)?;
        seed = seed.wrapping_add(1);
    }
    assert_eq!(open_descriptors()?, before);
    Ok(())
}
