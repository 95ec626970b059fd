// Copyright 2026 The jcaps authors.
// SPDX-License-Identifier: Apache-2.0

//! iceoryx2's request and response as a contender of `./caps bench`: payloads are loaned, written in place and sent;
//! both sides poll, as its documentation shows for the lowest latency.

mod cell;

use cell::{Cell, Client, REPLY_WORD, REQUEST_WORD, Served, Server, Words, finish, ready, word};
use iceoryx2::active_request::ActiveRequest;
use iceoryx2::pending_response::PendingResponse;
use iceoryx2::prelude::*;
use std::collections::VecDeque;

type Bytes = [u8];

struct EchoServer<'a> {
    cell: &'a Cell,
    server: iceoryx2::port::server::Server<ipc::Service, Bytes, (), Bytes, ()>,
}

impl Server for EchoServer<'_> {
    fn serve(&mut self, served: &mut Served) -> bool {
        let Some(request): Option<ActiveRequest<ipc::Service, Bytes, (), Bytes, ()>> = self.server.receive().unwrap()
        else {
            return false;
        };
        let number = word(request.payload(), 0);
        served.requests += 1;
        served.corrupt += !self.cell.is_whole(request.payload(), number, REQUEST_WORD) as u64;
        let mut response = unsafe { request.loan_slice_uninit(self.cell.length).unwrap().assume_init() };
        self.cell.refill(response.payload_mut(), number, REPLY_WORD);
        response.send().unwrap();
        true
    }
}

struct EchoClient<'a> {
    cell: &'a Cell,
    client: iceoryx2::port::client::Client<ipc::Service, Bytes, (), Bytes, ()>,
    pending: VecDeque<PendingResponse<ipc::Service, Bytes, (), Bytes, ()>>,
}

impl Client for EchoClient<'_> {
    fn send(&mut self, number: u64) -> bool {
        if self.pending.len() == self.cell.window {
            return false;
        }
        let mut request = unsafe { self.client.loan_slice_uninit(self.cell.length).unwrap().assume_init() };
        self.cell.refill(request.payload_mut(), number, REQUEST_WORD);
        self.pending.push_back(request.send().unwrap());
        true
    }

    fn take(&mut self, number: u64) -> Option<bool> {
        let response = self.pending.front()?.receive().unwrap()?;
        let is_whole = self.cell.is_whole(response.payload(), number, REPLY_WORD);
        drop(response);
        self.pending.pop_front();
        Some(is_whole)
    }
}

fn run(cell: &Cell) -> Result<(), Box<dyn core::error::Error>> {
    let words = Words::map(cell)?;
    // Files of its own for each cell, in the cell's directory.
    let mut config = Config::default();
    config.global.set_root_path(&cell.directory.as_str().try_into()?);
    let prefix = format!("{}_", cell.directory.rsplit('/').next().unwrap_or("cell").replace('.', "_"));
    config.global.prefix = prefix.as_str().try_into()?;
    let node = NodeBuilder::new().config(&config).create::<ipc::Service>()?;
    let service = node
        .service_builder(&"jcaps/bench/echo".try_into()?)
        .request_response::<Bytes, Bytes>()
        .max_active_requests_per_client(cell.window)
        .max_loaned_requests(1)
        .max_response_buffer_size(1)
        .max_borrowed_responses_per_pending_response(1)
        .max_servers(1)
        .max_clients(1)
        .enable_safe_overflow_for_requests(false)
        .enable_safe_overflow_for_responses(false)
        .open_or_create()?;
    if cell.is_server {
        let server = service
            .server_builder()
            .initial_max_slice_len(cell.length)
            .max_loaned_responses_per_request(1)
            .create()?;
        ready();
        cell::serve(cell, words, EchoServer { cell, server });
        drop(service);
        drop(node);
        remove(&prefix)?;
    } else {
        let client = service.client_builder().initial_max_slice_len(cell.length).create()?;
        ready();
        cell::ask(cell, words, EchoClient { cell, client, pending: VecDeque::new() });
    }
    Ok(())
}

/// iceoryx2 keeps a segment for nodes to come, which the next cell would not find: its prefix is another, and ends with a mark.
fn remove(prefix: &str) -> std::io::Result<()> {
    for entry in std::fs::read_dir("/dev/shm")? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(prefix) && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn main() {
    let Some(cell) = Cell::parse() else {
        std::process::exit(2);
    };
    if cell.waiting == "block" {
        finish("REFUSED", "request and response polls; an event service, which wakes, is another service");
    }
    if let Err(error) = run(&cell) {
        finish("FAILED", &error.to_string());
    }
}
