// Copyright 2026 The jcaps authors.
// SPDX-License-Identifier: Apache-2.0

//! One cell of `./caps bench`, measured by a Rust program: both sides, by the protocol of `bench/NATIVE.md`.

use std::fs::OpenOptions;
use std::hint::spin_loop;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::time::{Duration, Instant};

pub const REQUEST_WORD: u64 = 0x5CA9_0F1E_2D3C_4B5A;
pub const REPLY_WORD: u64 = 0x2545_F491_4F6C_DD1D;
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
const BATCH: u64 = 100;
const PROBE_PART: Duration = Duration::from_millis(30);
const PHASE: usize = 0;
const PING: usize = 16;
const PONG: usize = 32;
/// In the last ping of a probe, which is not answered.
const LAST: u64 = 0x4000_0000;

/// The cell's arguments.
pub struct Cell {
    pub is_server: bool,
    pub directory: String,
    pub is_round_trip: bool,
    pub waiting: String,
    pub length: usize,
    pub is_filled: bool,
    pub window: usize,
    warm_up: Duration,
    min_warm_up: u64,
    measured: Duration,
    reply_limit: u64,
    idle: Duration,
}

/// A side that answers.
pub trait Server {
    /// Answers a request if there is one.
    fn serve(&mut self, served: &mut Served) -> bool;
}

/// A side that asks.
pub trait Client {
    /// Sends the request of this number; false if there is no room now.
    fn send(&mut self, number: u64) -> bool;
    /// Takes the next reply and verifies that it is whole; None if none is there.
    fn take(&mut self, number: u64) -> Option<bool>;
}

#[derive(Default)]
pub struct Served {
    pub requests: u64,
    pub corrupt: u64,
}

impl Cell {
    /// Of the program's arguments; None if one is missing.
    pub fn parse() -> Option<Cell> {
        let args: Vec<String> = std::env::args().collect();
        let text = |name: &str| args.iter().position(|arg| arg == name).and_then(|i| args.get(i + 1)).cloned();
        let number = |name: &str| text(name).and_then(|value| value.parse::<u64>().ok());
        Some(Cell {
            is_server: args.get(1)? == "serve",
            directory: text("--directory")?,
            is_round_trip: match text("--workload")?.as_str() {
                "round-trip" => true,
                "pipelined" => false,
                _ => finish("REFUSED", "this program does round trips and windows"),
            },
            waiting: text("--waiting")?,
            length: number("--length")? as usize,
            is_filled: text("--payload")? == "filled",
            window: number("--window")? as usize,
            warm_up: Duration::from_nanos(number("--warm-up-ns")?),
            min_warm_up: number("--min-warm-up")?,
            measured: Duration::from_nanos(number("--measured-ns")?),
            reply_limit: number("--reply-limit")?,
            idle: Duration::from_nanos(number("--idle-ns")?),
        })
    }

    /// Writes a payload into memory of the transport's.
    pub fn fill(&self, bytes: &mut [u8], number: u64, salt: u64) {
        let base = salt.wrapping_add(if self.is_filled { number } else { 0 });
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        for (i, word) in bytes.chunks_exact_mut(8).enumerate().skip(1) {
            word.copy_from_slice(&base.wrapping_add(8 * i as u64).to_le_bytes());
        }
        let tail = bytes.len() / 8 * 8;
        for i in tail..bytes.len() {
            bytes[i] = (i as u64).wrapping_add(if self.is_filled { number } else { 0 }) as u8;
        }
    }

    /// Only the number, if the memory still holds what this side wrote there before.
    pub fn refill(&self, bytes: &mut [u8], number: u64, salt: u64) {
        let offset = bytes.len() / 8 * 8 - 8;
        if self.is_filled || offset > 0 && word(bytes, offset) != salt.wrapping_add(offset as u64) {
            self.fill(bytes, number, salt);
        } else {
            bytes[..8].copy_from_slice(&number.to_le_bytes());
        }
    }

    pub fn is_whole(&self, bytes: &[u8], number: u64, salt: u64) -> bool {
        if bytes.len() != self.length || word(bytes, 0) != number {
            return false;
        }
        if self.is_filled {
            let mut sum = 0u64;
            let mut expected = 0u64;
            for (i, chunk) in bytes.chunks_exact(8).enumerate().skip(1) {
                sum = sum.wrapping_add(u64::from_le_bytes(chunk.try_into().unwrap()));
                expected = expected.wrapping_add(salt.wrapping_add(number).wrapping_add(8 * i as u64));
            }
            for i in bytes.len() / 8 * 8..bytes.len() {
                sum = sum.wrapping_add(bytes[i] as u64);
                expected = expected.wrapping_add(number.wrapping_add(i as u64) & 0xFF);
            }
            return sum == expected;
        }
        let others = bytes.len() as u64 / 8 - 1;
        let index = 1 + ((number.wrapping_mul(GOLDEN) >> 32).wrapping_mul(others) >> 32);
        let offset = 8 * index as usize;
        others == 0 || word(bytes, offset) == salt.wrapping_add(offset as u64)
    }

    fn idle(&self) {
        if self.waiting == "yield" {
            std::thread::yield_now();
        }
    }
}

pub fn word(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes[offset..offset + 8].try_into().unwrap())
}

/// Ends this program, and tells why.
pub fn finish(verdict: &str, why: &str) -> ! {
    println!("{verdict} {}", why.lines().next().unwrap_or(""));
    std::process::exit(0);
}

pub fn ready() {
    println!("READY");
    std::io::stdout().flush().unwrap();
}

fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn is_input_over() -> bool {
    let mut input = libc::pollfd { fd: libc::STDIN_FILENO, events: libc::POLLIN, revents: 0 };
    let mut byte = 0u8;
    unsafe {
        libc::poll(&mut input, 1, 0) > 0 && libc::read(libc::STDIN_FILENO, (&mut byte as *mut u8).cast(), 1) == 0
    }
}

/// The floor, probed within the cell: two words on two cache lines.
pub struct Words {
    words: &'static [AtomicU64],
    answered: u64,
    phase: u64,
    ping: u64,
    probes: Vec<(f64, f64)>,
}

impl Words {
    pub fn map(cell: &Cell) -> std::io::Result<Words> {
        let path = format!("{}/probe", cell.directory);
        let file = OpenOptions::new().read(true).write(true).create(cell.is_server).truncate(false).open(path)?;
        if cell.is_server {
            file.set_len(4096)?;
        }
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        let words = unsafe { std::slice::from_raw_parts(address.cast::<AtomicU64>(), 512) };
        Ok(Words { words, answered: 0, phase: 0, ping: 0, probes: Vec::new() })
    }

    fn is_asked(&self) -> bool {
        self.words[PHASE].load(Acquire) & 1 != 0
    }

    fn answer(&mut self) {
        let mut polls = 0u64;
        loop {
            let ping = self.words[PING].load(Acquire);
            if ping != self.answered {
                self.answered = ping;
                if ping & LAST != 0 {
                    return;
                }
                self.words[PONG].store(ping, Release);
            }
            polls += 1;
            if polls % 0x10000 == 0 && is_input_over() {
                return;
            }
        }
    }

    fn bounce(&mut self) {
        self.ping += 1;
        self.words[PING].store(self.ping, Release);
        while self.words[PONG].load(Acquire) != self.ping {}
    }

    fn take(&mut self) {
        self.phase += 1;
        self.words[PHASE].store(self.phase, Release);
        let warm_up_end = Instant::now() + Duration::from_millis(200);
        let mut left = if self.probes.is_empty() { 30_000 } else { 1 };
        while left > 0 && Instant::now() < warm_up_end {
            self.bounce();
            left -= 1;
        }
        let mut times = Vec::with_capacity(5_000);
        let end = Instant::now() + PROBE_PART;
        while times.len() < 5_000 && Instant::now() < end {
            let start = Instant::now();
            self.bounce();
            times.push(start.elapsed().as_nanos() as u64);
        }
        let single = if times.len() < 500 { -1.0 } else { median(&mut times) };
        times.clear();
        let end = Instant::now() + PROBE_PART;
        while times.len() < 50 && Instant::now() < end {
            let start = Instant::now();
            for _ in 0..BATCH {
                self.bounce();
            }
            times.push(start.elapsed().as_nanos() as u64);
        }
        let batch = if times.len() < 10 { -1.0 } else { median(&mut times) / BATCH as f64 };
        self.probes.push((single, batch));
        self.phase += 1;
        self.words[PHASE].store(self.phase, Release);
        self.ping += 1;
        self.words[PING].store(self.ping | LAST, Release);
    }
}

fn median(times: &mut [u64]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2] as f64
}

/// Answers until the parent ends it, and prints what was counted.
pub fn serve(cell: &Cell, mut words: Words, mut server: impl Server) {
    let mut served = Served::default();
    let (mut count, mut cpu, mut begin_cpu) = (0, 0, 0);
    let mut begin = Instant::now();
    let (mut idle_cpu, mut idle_ns) = (0, 0);
    let mut is_over = false;
    let mut quiet = 0;
    let mut polls = 0u64;
    while !is_over || quiet < 1_000 {
        let is_taken = server.serve(&mut served);
        quiet = if is_taken { 0 } else { quiet + 1 };
        if !is_taken {
            cell.idle();
        }
        if polls % 512 == 0 && words.is_asked() {
            let part = cpu_ns() - begin_cpu;
            match count {
                1 | 2 => cpu += part,
                3 => (idle_cpu, idle_ns) = (part, begin.elapsed().as_nanos()),
                _ => {}
            }
            words.answer();
            count += 1;
            begin_cpu = cpu_ns();
            begin = Instant::now();
        }
        if polls % 0x10000 == 0 {
            is_over = is_over || is_input_over();
        }
        polls += 1;
    }
    println!(
        "{{\"requestCount\": {}, \"corruptCount\": {}, \"disposalCount\": -1, \"cpuNs\": {cpu}, \
         \"idleCpuNs\": {idle_cpu}, \"idleNs\": {idle_ns}}}",
        served.requests, served.corrupt
    );
}

/// The side that measures.
struct Asker<'a, C: Client> {
    cell: &'a Cell,
    client: C,
    sent: u64,
    taken: u64,
    has_failed: bool,
    singles: Vec<u32>,
    batches: Vec<u32>,
}

const EXACT_BITS: u32 = 12;

fn bucket_of(value: u64) -> usize {
    let shift = (64 - value.leading_zeros()).saturating_sub(EXACT_BITS + 1);
    ((shift as usize) << EXACT_BITS) + (value >> shift) as usize
}

fn value_of(bucket: usize) -> u64 {
    let shift = if bucket < 2 << EXACT_BITS { 0 } else { (bucket >> EXACT_BITS) - 1 };
    ((bucket - (shift << EXACT_BITS)) as u64) << shift
}

impl<C: Client> Asker<'_, C> {
    fn send(&mut self) -> bool {
        let is_sent = self.client.send(self.sent + 1);
        self.sent += is_sent as u64;
        is_sent
    }

    fn take(&mut self) -> bool {
        match self.client.take(self.taken + 1) {
            None => false,
            Some(is_whole) => {
                self.taken += 1;
                self.has_failed |= !is_whole;
                true
            }
        }
    }

    fn round_trip(&mut self) {
        while !self.send() && !self.has_failed {
            self.cell.idle();
        }
        while !self.take() && !self.has_failed {
            self.cell.idle();
        }
    }

    fn time_singles(&mut self) {
        for _ in 0..BATCH {
            let start = Instant::now();
            self.round_trip();
            self.singles[bucket_of(start.elapsed().as_nanos() as u64)] += 1;
        }
    }

    fn time_batch(&mut self) {
        let start = Instant::now();
        for _ in 0..BATCH {
            self.round_trip();
        }
        self.batches[bucket_of(start.elapsed().as_nanos() as u64)] += 1;
    }

    fn pipeline(&mut self) {
        for _ in 0..BATCH {
            while self.sent - self.taken < self.cell.window as u64 && self.send() {
                spin_loop();
            }
            let before = self.taken;
            while self.taken - before < self.cell.window as u64 && self.take() {}
            if before == self.taken {
                self.cell.idle();
            }
        }
    }

    fn run(&mut self, step: fn(&mut Self), time: Duration, least: u64, most: u64) {
        let end = Instant::now() + time;
        let first = self.taken;
        loop {
            step(self);
            let count = self.taken - first;
            if self.has_failed || count >= most || Instant::now() >= end && count >= least {
                break;
            }
        }
        while self.taken < self.sent && !self.has_failed {
            self.take();
        }
    }
}

/// Measures, and prints what came of it.
pub fn ask(cell: &Cell, mut words: Words, client: impl Client) {
    let buckets = (64 - EXACT_BITS as usize + 1) << EXACT_BITS;
    let mut asker = Asker {
        cell,
        client,
        sent: 0,
        taken: 0,
        has_failed: false,
        singles: vec![0; buckets],
        batches: vec![0; buckets],
    };
    let step = if cell.is_round_trip { Asker::time_singles } else { Asker::pipeline };
    asker.run(step, cell.warm_up, cell.min_warm_up, u64::MAX);
    asker.singles.fill(0);
    let warm_up = asker.taken;
    words.take();
    let most = if cell.reply_limit > 0 { cell.reply_limit / 2 } else { u64::MAX };
    let (mut elapsed, mut measured, mut cpu) = (Duration::ZERO, 0, 0);
    for _ in 0..2 {
        let first = asker.taken;
        let start_cpu = cpu_ns();
        let start = Instant::now();
        asker.run(step, cell.measured / 2, 1, most);
        elapsed += start.elapsed();
        measured += asker.taken - first;
        if cell.is_round_trip && cell.reply_limit == 0 {
            asker.run(Asker::time_batch, cell.measured / 8, 1, u64::MAX);
        }
        cpu += cpu_ns() - start_cpu;
        words.take();
    }
    let cpu_count = asker.taken - warm_up;
    let probes = words.probes.clone();
    let (mut idle_cpu, mut idle_ns) = (0, 0);
    if !cell.idle.is_zero() {
        let start_cpu = cpu_ns();
        let start = Instant::now();
        std::thread::sleep(cell.idle);
        idle_cpu = cpu_ns() - start_cpu;
        idle_ns = start.elapsed().as_nanos();
        words.take();
    }
    let mut out = format!(
        "{{\"sentCount\": {}, \"warmUpCount\": {warm_up}, \"measuredCount\": {measured}, \"elapsedNs\": {}, ",
        asker.sent,
        elapsed.as_nanos()
    );
    if cell.is_round_trip {
        out += &format!("\"counts\": {}, \"batchCounts\": {}, ", text(&asker.singles), text(&asker.batches));
    }
    let probes: Vec<String> = probes.iter().map(|(single, batch)| format!("[{single:.1}, {batch:.1}]")).collect();
    let failure = if asker.has_failed { "\"a reply was wrong\"" } else { "null" };
    println!(
        "{out}\"probes\": [{}], \"cpuNs\": {cpu}, \"cpuCount\": {cpu_count}, \"idleCpuNs\": {idle_cpu}, \
         \"idleNs\": {idle_ns}, \"failure\": {failure}}}",
        probes.join(", ")
    );
    std::io::stdout().flush().unwrap();
    while !is_input_over() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn text(counts: &[u32]) -> String {
    let pairs: Vec<String> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(bucket, count)| format!("[{}, {count}]", value_of(bucket)))
        .collect();
    format!("[{}]", pairs.join(", "))
}
